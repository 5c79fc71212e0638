//! What a browser would run, and programs under other names.

use super::{
    Fate::{Harmless, Refused},
    Hostile,
};

pub(super) fn all() -> Vec<Hostile> {
    let mut files = Vec::new();
    for (what, name, text) in [
        (
            "an SVG with a script",
            "a.svg",
            "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        ),
        ("an SVG that acts on loading", "a.svg", "<svg onload='alert(1)'/>"),
        (
            "an SVG with a page inside",
            "logo.png",
            "<svg><foreignObject><body onload='alert(1)'/></foreignObject></svg>",
        ),
        ("an SVG behind a declaration", "a.xml", "<?xml version='1.0'?><!DOCTYPE svg><svg/>"),
        (
            "entities that multiply",
            "a.svg",
            "<!DOCTYPE s [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><svg>&b;</svg>",
        ),
        (
            "an entity that is a file",
            "a.svg",
            "<!DOCTYPE s [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg>&a;</svg>",
        ),
        ("a web page", "a.html", "<!doctype html><script>alert(1)</script>"),
        ("a web page named as text", "a.txt", "  \n<HTML><body onload=alert(1)>"),
        ("a web page named as a PDF", "a.pdf", "<html>%PDX-1.7"),
        ("a frame", "a.csv", "name,amount\n<iframe src='javascript:alert(1)'></iframe>"),
        ("a web page behind its mark", "a.txt", "\u{feff}<!DOCTYPE html>hello"),
        ("a style sheet of XML", "a.xml", "<?xml-stylesheet href='javascript:alert(1)'?><a/>"),
        (
            "a mail with a page",
            "a.eml",
            "From: a@b.example\nContent-Type: text/html\n\n<html><script>alert(1)</script>",
        ),
        ("a saved page", "a.mhtml", "MIME-Version: 1.0\nContent-Type: multipart/related\n\n<html></html>"),
        ("a link file", "a.url", "[InternetShortcut]\nURL=javascript:alert(1)\n"),
        ("a script of a browser", "a.js", "alert(document.cookie)"),
        ("a style sheet", "a.css", "body{background:url(javascript:alert(1))}"),
        ("a script of a server", "a.php", "<?php system($_GET['a']); ?>"),
        ("a formula", "a.csv", "=cmd|'/C calc'!A0,1\n@SUM(1),2\n"),
        ("a script of Windows", "a.hta", "<html><hta:application><script>new ActiveXObject('x')</script>"),
    ] {
        files.push(Hostile::new(what, name, text, Harmless));
    }
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("<html><script>1</script>".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    files.push(Hostile::new("a web page in wide letters", "a.txt", wide, Harmless));
    let far = format!("{}<script>alert(1)</script>", "plain words ".repeat(300));
    files.push(Hostile::new("a script far into a text", "a.txt", far, Harmless));
    let mut windows = b"MZ\x90\0\x03".to_vec();
    windows.resize(512, 0);
    for name in [
        "invoice.pdf",
        "photo.jpg",
        "letter.docx",
        "setup.exe",
        "archive.zip",
        "invoice\u{202e}fdp.exe",
        "a.scr",
        "noname",
    ] {
        files.push(Hostile::new("a program of Windows", name, windows.clone(), Refused("program")));
    }
    for (what, head, word) in [
        ("a program of Linux", &b"\x7fELF\x02\x01\x01\0"[..], "program"),
        ("a program of macOS", b"\xcf\xfa\xed\xfe\x07\0\0\x01", "program"),
        ("a universal program", b"\xca\xfe\xba\xbe\0\0\0\x02", "program"),
        ("a shell script", b"#!/bin/sh\nrm -rf /\n", "script"),
        ("a Python script", b"#!/usr/bin/env python3\n", "script"),
    ] {
        files.push(Hostile::new(what, "plan.pdf", head, Refused(word)));
    }
    files.push(Hostile::new("nothing at all", "empty.pdf", "", Refused("empty")));
    for byte in [0_u8, 0xff, 0x1b] {
        files.push(Hostile::new(format!("a kilobyte of {byte}"), "a.bin", vec![byte; 1024], Harmless));
    }
    files
}
