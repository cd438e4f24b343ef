#!/usr/bin/env node
/*
 * The `zamsync` command: finds a Node that is new enough, then runs the command line.
 *
 * In a checkout it runs the TypeScript sources on the Node that the checkout brings along, after
 * installing it where node_modules is missing. In the published package it runs the compiled
 * code on the Node that started it, and refuses an older one in one line with a Z code.
 * Written in the oldest syntax there is, so that an old Node can still read it and say why.
 */
"use strict";

var fs = require("fs");
var path = require("path");
var childProcess = require("child_process");
var url = require("url");

var NEEDED = "24.15";
var EXIT_USAGE = 2;

var root = path.dirname(__dirname);
var source = path.join(root, "src", "cli", "main.ts");
var isCheckout = fs.existsSync(source);

function isNewEnough(version) {
  var found = version.split(".");
  var needed = NEEDED.split(".");
  if (Number(found[0]) !== Number(needed[0])) return Number(found[0]) > Number(needed[0]);
  return Number(found[1]) >= Number(needed[1]);
}

/* The text is that of Z103 in src/core/errors/z1-usage.ts; test/package.test.ts compares the two. */
function refuse() {
  var message =
    "this is Node " + process.versions.node + ", and zamsync needs " + NEEDED + " or newer";
  var hint = "install a newer Node, or run npm install in a checkout to get one";
  if (process.argv.indexOf("--json") !== -1) {
    var context = { found: process.versions.node, needed: NEEDED };
    var error = { code: "Z103", message: message, hint: hint, context: context };
    process.stderr.write(JSON.stringify({ error: error }) + "\n");
  } else {
    process.stderr.write("zamsync: Z103 " + message + "; " + hint + "\n");
  }
  process.exitCode = EXIT_USAGE;
}

/* The Node of this checkout, installed first where there is no node_modules at all. */
function checkoutNode() {
  var link = path.join(root, "node_modules", ".bin", "node");
  if (!fs.existsSync(path.join(root, "node_modules"))) {
    childProcess.spawnSync(process.execPath, [path.join(root, "scripts", "install.js")], {
      stdio: ["ignore", 2, 2],
    });
  }
  return fs.existsSync(link) ? fs.realpathSync(link) : undefined;
}

/* Runs the same command line on another Node, and ends the way that one ends. */
function runOn(node) {
  var child = childProcess.spawn(node, [__filename].concat(process.argv.slice(2)), {
    stdio: "inherit",
  });
  ["SIGINT", "SIGTERM", "SIGHUP"].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  child.on("error", refuse);
  child.on("exit", function (status, signal) {
    if (signal === null) {
      process.exitCode = status;
      return;
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function start() {
  var node = isCheckout ? checkoutNode() : undefined;
  if (isNewEnough(process.versions.node)) {
    var main = isCheckout ? source : path.join(root, "dist", "cli", "main.js");
    /* `import()` hidden from parsers that do not know it. */
    new Function("file", "return import(file)")(url.pathToFileURL(main).href).catch(
      function (error) {
        process.stderr.write(String((error && error.stack) || error) + "\n");
        process.exitCode = 1;
      },
    );
    return;
  }
  if (node === undefined) refuse();
  else runOn(node);
}

start();
