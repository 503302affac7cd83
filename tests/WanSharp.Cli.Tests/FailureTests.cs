using System.Diagnostics;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>What the machine or a file does not give: exit code 1, one line, nothing written.</summary>
public sealed class FailureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _inputs = new();

    [Theory]
    [InlineData("notes.txt", "cannot be read as a picture: png, jpeg")]
    [InlineData("cut.png", "cut.png cannot be read as a picture")]
    [InlineData("missing.png", "missing.png does not exist")]
    [InlineData(".", "is a folder: name a file in it")]
    public async Task Generate_FromWhatIsNoPicture_NamesTheFile(string image, string expected)
    {
        _inputs.Write("notes.txt", "not a picture");
        File.WriteAllBytes(_inputs["cut.png"], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]);

        await AssertFailsAsync(["--image", _inputs[image]], expected);
    }

    /// <summary>How it was asked for is right: that is no wrong usage, whichever option names the file.</summary>
    [Theory]
    [InlineData("generate a --image none.png")]
    [InlineData("generate a --last-image none.png")]
    [InlineData("generate a --frame-image 1=none.png")]
    [InlineData("generate a --model ./none")]
    [InlineData("generate a --model-high none.safetensors")]
    [InlineData("generate a --vae none.safetensors")]
    [InlineData("generate a --text-encoder none.safetensors")]
    [InlineData("generate a --tokenizer none.model")]
    [InlineData("generate a --lora none.safetensors")]
    [InlineData("generate a --decoder none.safetensors")]
    [InlineData("generate a --encoder none.safetensors")]
    [InlineData("generate a --upscale none.safetensors")]
    [InlineData("generate a --interpolate none.safetensors")]
    [InlineData("generate a --style x --styles-file none.json")]
    [InlineData("batch none.jsonl")]
    [InlineData("batch --prompts none.txt")]
    [InlineData("batch --resume none")]
    [InlineData("batch --prompts prompts.txt --wildcards none")]
    [InlineData("batch --prompts prompts.txt --styles x --styles-file none.json")]
    [InlineData("batch --prompts prompts.txt --lora none.safetensors")]
    [InlineData("batch jobs.jsonl")]
    [InlineData("batch --prompts prompts.txt --backend comfy:http://127.0.0.1:1 --workflow none.json")]
    [InlineData("film none.json")]
    [InlineData("film film.json")]
    [InlineData("film redo none --section 1")]
    [InlineData("extend none.mp4 b")]
    [InlineData("jobs retry none")]
    [InlineData("inspect none.mp4")]
    [InlineData("inspect none.safetensors")]
    [InlineData("compare none.mp4 none.mp4")]
    [InlineData("doctor none.mp4")]
    [InlineData("quantize --prompts none.txt -o x")]
    [InlineData("models list none")]
    [InlineData("selftest --fixtures none")]
    [InlineData("serve --config none.json")]
    public async Task AFileThatIsMissing_FailsAndIsNamed(string command)
    {
        _inputs.Write("prompts.txt", "a red circle");
        _inputs.Write("jobs.jsonl", """{"prompt": "a", "decoder": "none.safetensors"}""");
        _inputs.Write("film.json", """{"sections": [{"prompt": "a"}, {"clip": "none.mp4"}]}""");
        string[] words =
        [
            .. command.Split(' ').Select(word => word is "prompts.txt" or "jobs.jsonl" or "film.json" ? _inputs[word] : word),
        ];

        var run = await CommandLineRun.RunAsync(words, cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(run.ExitCode == ExitCode.Failed, run.Error);
        Assert.Contains("none", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Could not find", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("compare", "a.webp", "b.webp", "--report")]
    [InlineData("profile", "a red circle", "--trace")]
    [InlineData("optimize", "a red circle", "--within", "60s", "--report")]
    public async Task AReportThatCannotBeWritten_IsRefusedBeforeAnythingIsComputed(params string[] command)
    {
        var page = _folder["nowhere/page.html"];

        var run = await CommandLineRun.RunAsync([.. command, page], cancellationToken: TestContext.Current.CancellationToken);

        run.AssertFailed(ExitCode.Failed, $"{page} cannot be written: there is no folder {_folder["nowhere"]}. Make it first.");
    }

    [Fact]
    public async Task AnyCommand_InAFolderThatWasDeleted_SaysSo()
    {
        var run = await ProcessRun.ShellAsync("mkdir gone && cd gone && rmdir ../gone && exec \"$@\"", ["presets"], folder: _inputs);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal(
            "wan: the folder that this was started in no longer exists: change to another one, and run it again.",
            run.Error.Trim()
        );
    }

    /// <summary>.NET's own parts fail to load there, each at another place.</summary>
    [Theory]
    [InlineData("ulimit -n 30", "wan: this process may have only 30 files open at once, and needs 160: raise the limit")]
    [InlineData("ulimit -n 100", "wan: this process may have only 100 files open at once")]
    [InlineData("ulimit -v 2500000", "wan: this process may use only 2441 MB of addresses (ulimit -v), and needs 4096")]
    public async Task AnyCommand_WithTooLittleToStartWith_SaysSoInALine(string limit, string expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems do not enforce these limits.");
        var run = await ProcessRun.ShellAsync($"{limit} && exec \"$@\"", ["generate", "a red circle", "-o", _folder["clip.mp4"]]);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.StartsWith(expected, Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnyCommand_WithoutAPartOfTheProgram_SaysSoInALine()
    {
        var (program, copy) = (AppContext.BaseDirectory.TrimEnd('/'), _inputs["copy"]);
        var run = await ProcessRun.ShellAsync(
            $"mkdir '{copy}' && ln -s '{program}'/* '{copy}/' && cd '{copy}' && rm wan wan.dll System.CommandLine.dll "
                + $"&& cp '{program}/wan' '{program}/wan.dll' . && exec ./wan presets",
            []
        );

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        var line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("wan: a part of the program cannot be loaded: ", line, StringComparison.Ordinal);
        Assert.Contains("System.CommandLine", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithoutFfmpeg_SaysHowToGetIt()
    {
        // The build puts one next to the program, which is the last place to be looked at: only a wrong choice is a failure here.
        await AssertFailsAsync([], "is not a program", new() { ["WAN_FFMPEG"] = _inputs["ffmpeg"] });
        await AssertFailsAsync([], "is not a program", new() { ["WAN_FFMPEG"] = _inputs.Write("ffmpeg.txt", "text") });
    }

    [Fact]
    public async Task Generate_WithAnFfmpegThatFails_SaysWhatItSaid()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("It takes a program in the form of a shell script.");
            return;
        }

        var ffmpeg = _inputs.Write("ffmpeg", "#!/bin/sh\necho 'Unknown encoder libx264' >&2\nexit 1\n");
        File.SetUnixFileMode(ffmpeg, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var run = await GenerateAsync(["--size", "32x32", "--frames", "5", "--steps", "1"], new() { ["WAN_FFMPEG"] = ffmpeg });

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("cannot write .mp4 (H.264 by libx264): Unknown encoder libx264.", run.Error, StringComparison.Ordinal);
        Assert.Empty(_folder.Entries);
    }

    [Fact]
    public async Task Generate_OnAFullDisk_SaysSoAndLeavesNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can mount a small disk.");
        var disk = Directory.CreateDirectory(_inputs["disk"]).FullName;
        Assert.SkipUnless(
            await ExitCodeOfAsync("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk) == 0,
            "This container lets nobody mount a disk."
        );
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(disk, "ballast"), new byte[60 << 10], TestContext.Current.CancellationToken);

            var run = await CommandLineRun.RunAsync(
                ["generate", "a red circle", "--size", "64x64", "--frames", "17", "--steps", "1", "-o", Path.Combine(disk, "clip.mp4")],
                cancellationToken: TestContext.Current.CancellationToken
            );

            Assert.Equal(ExitCode.Failed, run.ExitCode);
            Assert.Contains("clip.mp4 cannot be written: ", run.Error, StringComparison.Ordinal);
            Assert.Contains("No space left on device", run.Error, StringComparison.Ordinal);
            Assert.Equal("ballast", Path.GetFileName(Assert.Single(Directory.EnumerateFileSystemEntries(disk))));
        }
        finally
        {
            await ExitCodeOfAsync("umount", disk);
        }
    }

    [Fact]
    public async Task Generate_WithAFullDiskForTemporaryFiles_MakesTheClip()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can mount a small disk.");
        var disk = Directory.CreateDirectory(_inputs["disk"]).FullName;
        Assert.SkipUnless(
            await ExitCodeOfAsync("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk) == 0,
            "This container lets nobody mount a disk."
        );
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(disk, "ballast"), new byte[64 << 10], TestContext.Current.CancellationToken);

            var run = await ProcessRun.RunAsync(
                ProcessRun.Wan,
                ["generate", "a red circle", .. ProcessRun.Quick, "-o", _folder["clip.mp4"]],
                new() { ["TMPDIR"] = disk }
            );

            Assert.True(run.ExitCode == 0, run.Error);
        }
        finally
        {
            await ExitCodeOfAsync("umount", disk);
        }
    }

    [Fact]
    public async Task Generate_ToAFolderThatIsNotThere_NamesIt()
    {
        var run = await CommandLineRun.RunAsync(
            ["generate", "a red circle", "-o", _folder["no/clip.mp4"]],
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.Failed, $"there is no folder {_folder["no"]}");
        Assert.Empty(_folder.Entries);
    }

    [Theory]
    [InlineData("shape", "Did you mean shapes?")]
    [InlineData("", "Models found: shapes.")]
    [InlineData("../../../../etc", "there is no such model")]
    public async Task Generate_WithAModelThatIsNotThere_ListsThoseThatAre(string model, string expected) =>
        await AssertFailsAsync(["--model", model], expected);

    [Fact]
    public async Task Generate_WithAFolderThatHoldsNoModel_SaysWhatAModelIs()
    {
        await AssertFailsAsync(["--model", _inputs.Path], "it has no config.json");
        await AssertFailsAsync(["--model", _inputs.Write("model.safetensors", "")], "it is empty");
        await AssertFailsAsync(["--model", _inputs.Write("model.txt", "")], "a model is a checkpoint, or a folder with some");
    }

    [Fact]
    public async Task Generate_WithADescriptionButNoWeights_NamesTheMissingFile()
    {
        foreach (var file in new[] { "config.json", "spiece.model" })
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "models", "shapes", file), _inputs[file]);
        }

        await AssertFailsAsync(["--model", _inputs.Path], "transformer.safetensors");
    }

    [Fact]
    public async Task Generate_WithATokenizerThatIsNone_NamesItsFile()
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "models", "shapes", "config.json"), _inputs["config.json"]);
        _inputs.Write("spiece.model", "text");

        await AssertFailsAsync(["--model", _inputs.Path], "spiece.model: It is not a SentencePiece model");
    }

    [Fact]
    public async Task Commands_WithAWrongLibrary_NameIt()
    {
        var library = _inputs.Write("libonnxruntime.so", "text");
        var run = await CommandLineRun.RunAsync(
            ["providers"],
            variables: new() { ["WAN_ONNXRUNTIME"] = library },
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.Failed, library);
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        await AssertFailsAsync([], "Correct it, or unset it", new() { ["PATH"] = path, ["WAN_ONNXRUNTIME"] = _inputs["missing.so"] });
    }

    [Theory]
    [InlineData("missing.mp4", "missing.mp4 does not exist")]
    [InlineData("notes.txt", "notes.txt holds no settings")]
    [InlineData("steering.gif", "steering.gif")]
    public async Task Inspect_OfWhatIsNoClip_NamesTheFile(string file, string expected)
    {
        _inputs.Write("notes.txt", "not a clip");
        _inputs.Write("steering.gif", "GIF89a\u001b[2J");

        var run = await CommandLineRun.RunAsync(["inspect", _inputs[file]], cancellationToken: TestContext.Current.CancellationToken);

        run.AssertFailed(ExitCode.Failed, expected);
    }

    [Fact]
    public async Task Selftest_OfAFolderWithoutFixtures_SaysSo()
    {
        var run = await CommandLineRun.RunAsync(
            ["selftest", "--fixtures", _inputs.Path],
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.Failed, "no folder below it has the config.json of a fixture");
    }

    [Fact]
    public async Task Failure_WithVerbose_ShowsWhereItCameFrom()
    {
        var run = await CommandLineRun.RunAsync(
            ["inspect", _inputs["missing.mp4"], "--verbose"],
            cancellationToken: TestContext.Current.CancellationToken
        );

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("   at WanSharp.", run.Error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _inputs.Dispose();
    }

    private async Task AssertFailsAsync(string[] options, string expected, Dictionary<string, string>? variables = null)
    {
        (await GenerateAsync(options, variables)).AssertFailed(ExitCode.Failed, expected);
        Assert.Empty(_folder.Entries);
    }

    private Task<CommandLineRun> GenerateAsync(string[] options, Dictionary<string, string>? variables = null) =>
        CommandLineRun.RunAsync(
            ["generate", "a red circle", "-o", _folder["clip.mp4"], .. options],
            variables: variables,
            cancellationToken: TestContext.Current.CancellationToken
        );

    private static async Task<int> ExitCodeOfAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }
}
