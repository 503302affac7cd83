using System.Text;
using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

/// <summary>Files that have a checkpoint's name and are something else are named, whatever their extension.</summary>
public sealed class OtherContentsTests : IDisposable
{
    private const string Pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c\nsize "
        + "28577070304\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Pointer, "Git LFS pointer", "git lfs pull")]
    [InlineData("/annex/objects/SHA256E-s2857--9c.safetensors\n", "git-annex pointer", "git annex get")]
    [InlineData("outs:\n- md5: 22a1a293\n  path: model.safetensors\n", "DVC pointer", "dvc pull")]
    [InlineData("# xet version 0\nfilesize = 123\n", "Xet pointer", "download")]
    [InlineData("%PDF-1.7\n\u0001", "PDF", "not a checkpoint")]
    [InlineData("MZ\u0090\0\u0003\0\0\0\u0004", "Windows program", "not a checkpoint")]
    [InlineData("\u007FELF\u0002\u0001\u0001\0\0", "Linux program", "not a checkpoint")]
    [InlineData("\b\u0007\u0012\u0007pytorch\u001A", "ONNX graph", "checkpoint")]
    [InlineData("lmgg\0\0\0\0\0", "GGML's old format", "GGUF")]
    [InlineData("\u00FF\u00FE<\0h\0t\0m\0l\0>\0", "web page", "download")]
    [InlineData("<!DOCTYPE html>\n<html lang=\"en\"><head><title>model at main</title>", "web page", "download")]
    [InlineData("\n\n  <html><body>Please log in", "web page", "signed in")]
    [InlineData("\uFEFF<!doctype HTML>", "web page", "download")]
    [InlineData("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "XML", "AccessDenied")]
    [InlineData("{\"error\":\"Access to model x is restricted.\"}", "JSON", "restricted")]
    [InlineData("[\"error\"]", "JSON", "error")]
    [InlineData("Invalid username or password.", "text", "Invalid username")]
    [InlineData("Entry not found", "text", "Entry not found")]
    [InlineData("SQLite format 3\0\u0010\0\u0001\u0001", "SQLite database, as Draw Things keeps", "safetensors or GGUF")]
    [InlineData("ABCDEFGH\0\u0001\u0002\u0003", "begins with 'ABCDEFGH'", "another format")]
    [InlineData("\u001F\u008B\b\0\0", "gzip", "unpack")]
    [InlineData("7z\u00BC\u00AF\u0027\u001C", "7-Zip", "unpack")]
    [InlineData("Rar!\u001A\u0007", "RAR", "unpack")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0", "zeros", "not complete")]
    public void Open_WhatIsNoCheckpoint_SaysWhatItIsAndWhatToDo(string content, string what, string toDo)
    {
        foreach (var extension in new[] { "safetensors", "gguf", "pth", "bin" })
        {
            var path = _folder[$"model.{extension}"];
            File.WriteAllBytes(path, content.StartsWith('\uFEFF') ? Encoding.UTF8.GetBytes(content) : Encoding.Latin1.GetBytes(content));
            SafetensorsFileTests.AssertNames(Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)), path, what, toDo);
        }
    }

    [Fact]
    public void Open_ATarArchive_SaysSo()
    {
        var archive = new byte[1024];
        "model.safetensors"u8.CopyTo(archive);
        "ustar"u8.CopyTo(archive.AsSpan(257));
        File.WriteAllBytes(_folder["model.safetensors"], archive);
        Assert.Contains(
            "a tar archive: unpack it",
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder["model.safetensors"])).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Open_TextThatIsUnfitForATerminal_IsShownSafely()
    {
        File.WriteAllText(_folder["model.gguf"], "Sorry\n\t" + new string('x', 5000));
        var message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder["model.gguf"])).Message;
        Assert.DoesNotContain('\n', message);
        Assert.InRange(message.Length - _folder["model.gguf"].Length, 50, 300);
    }

    [Fact]
    public void Open_WhatAria2HasNotFinished_IsRefused()
    {
        var path = _folder.WriteSafetensors(
            "model.safetensors",
            """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""",
            dataLength: 1
        );
        File.WriteAllBytes(path + ".aria2", [0, 1]);
        SafetensorsFileTests.AssertNames(
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)),
            path,
            "not complete",
            "model.safetensors.aria2"
        );
        File.Delete(path + ".aria2");
        Checkpoint.Open(path).Dispose();
    }

    [Theory]
    [InlineData(16)]
    [InlineData(65536)]
    public void Open_ZerosAfterTheTensors_AreIgnored(int count)
    {
        var path = _folder.WriteSafetensors(
            "model.safetensors",
            """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""",
            dataLength: 1
        );
        File.AppendAllBytes(path, new byte[count]);
        using (var file = Checkpoint.Open(path))
        {
            Assert.Equal(1, file.Get("a").Read<byte>()[0]);
        }

        File.AppendAllBytes(path, [1]);
        SafetensorsFileTests.AssertNames(
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)),
            path,
            $"{count + 1} bytes before the file"
        );
    }
}
