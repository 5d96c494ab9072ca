import ts from 'typescript';
import { files, textOf } from './sources.ts';

/**
 * The codes of all errors and warnings that a user can meet outside a config problem, found by reading the sources: what
 * is given to ForwarderError, to any function of ours as its parameter `code`, as a property `code`, and
 * the keys of tables whose rows have a hint. Config problems bring their line and fix with them.
 */
export function errorCodes(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const sources = files('src/*.ts')
    .filter((file) => !file.startsWith('src/simulator/'))
    .map((file) => ({ file, tree: parse(file) }));
  const places = new Map<string, number>([['ForwarderError', 0]]);
  for (const { tree } of sources) visit(tree, (node) => rememberParameter(node, places));
  for (const { file, tree } of sources) {
    const add = (node: ts.Node | undefined, shape = /^[a-z]+(?:_[a-z0-9]+)*$/): void => {
      for (const code of literals(node)) if (shape.test(code)) found.set(code, file);
    };
    visit(tree, (node) => {
      const inConfig = file.startsWith('src/config/');
      if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
        const name = node.expression.getText(tree);
        const at = places.get(name);
        if (at !== undefined && !(inConfig && name !== 'ForwarderError')) add(node.arguments?.[at]);
      }
      if (inConfig) return;
      if (ts.isPropertyAssignment(node)) {
        if (node.name.getText(tree) === 'code') add(node.initializer, severalWords);
        if (hasHint(node.initializer, tree))
          add(ts.factory.createStringLiteral(bare(node.name.getText(tree))), severalWords);
      }
      if (ts.isParameter(node) && node.name.getText(tree) === 'code') add(node.initializer);
    });
  }
  return found;
}

/** A property `code` may be something else: a country, a class. */
const severalWords = /^[a-z]+(?:_[a-z0-9]+)+$/;

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true);
}

function visit(node: ts.Node, each: (node: ts.Node) => void): void {
  each(node);
  ts.forEachChild(node, (child) => visit(child, each));
}

function rememberParameter(node: ts.Node, places: Map<string, number>): void {
  const named = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node);
  const name = named ? node.name?.getText() : undefined;
  const fn = named
    ? node
    : ts.isVariableDeclaration(node) &&
        node.initializer !== undefined &&
        ts.isArrowFunction(node.initializer)
      ? node.initializer
      : undefined;
  const at = fn?.parameters.findIndex((parameter) => parameter.name.getText() === 'code') ?? -1;
  const called = name ?? (ts.isVariableDeclaration(node) ? node.name.getText() : '');
  if (at >= 0 && called !== '') places.set(called, at);
}

/** The strings that an expression may be, through ?: and ??. */
function literals(node: ts.Node | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isConditionalExpression(node))
    return [...literals(node.whenTrue), ...literals(node.whenFalse)];
  if (ts.isBinaryExpression(node)) return [...literals(node.left), ...literals(node.right)];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node))
    return literals(node.expression);
  return [];
}

function hasHint(node: ts.Expression, tree: ts.SourceFile): boolean {
  return (
    ts.isObjectLiteralExpression(node) &&
    node.properties.some(
      (one) => one.name !== undefined && /^(hint|remedy)$/.test(one.name.getText(tree)),
    )
  );
}

function bare(name: string): string {
  return name.replace(/^['"]|['"]$/g, '');
}
