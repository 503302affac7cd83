using System.Globalization;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>
/// Each standard stream may be closed, full, or without a reader: the clip is made all the same, and the exit code is right.
/// </summary>
public sealed class StandardStreamTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("<&-")]
    [InlineData(">&-")]
    [InlineData("2>&-")]
    [InlineData("<&- >&- 2>&-")]
    [InlineData("2>/dev/full")]
    [InlineData("2</dev/null")]
    [InlineData("| true")]
    [InlineData("2>&1 | true")]
    public async Task Generate_WithoutAStream_MakesTheClip(string redirection)
    {
        SkipWithoutTheFullDevice();
        var run = await GenerateAsync($"\"$@\" {redirection}");

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(["clip.mp4"], _folder.Entries);
    }

    /// <summary>As a framework-dependent program has it; the runtime takes a closed stream's number for a pipe of its own.</summary>
    [Fact]
    public async Task Generate_ThroughDotnetWithoutStandardError_MakesTheClip()
    {
        var run = await GenerateAsync($"shift; dotnet '{Path.Combine(AppContext.BaseDirectory, "wan.dll")}' \"$@\" 2>&-");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["clip.mp4"], _folder.Entries);
    }

    [Theory]
    [InlineData(">/dev/full")]
    [InlineData("</dev/null >/dev/full")]
    public async Task Generate_WhenItsReportCannotBeWritten_FailsAndKeepsTheClip(string redirection)
    {
        SkipWithoutTheFullDevice();
        var run = await GenerateAsync($"\"$@\" --json {redirection}");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.EndsWith(
            "wan: standard output cannot be written: No space left on device. The output is "
                + "lost; files that were written are complete.\n",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.Equal(["clip.mp4"], _folder.Entries);
    }

    [Fact]
    public async Task Inspect_WhenItsReportCannotBeWritten_Fails()
    {
        SkipWithoutTheFullDevice();
        await GenerateAsync("\"$@\"");

        var run = await ProcessRun.ShellAsync("\"$@\" >/dev/full", ["inspect", _folder["clip.mp4"]]);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
    }

    [Fact]
    public async Task Generate_WithAFolderForStandardInput_SaysSo()
    {
        var run = await ProcessRun.ShellAsync("\"$@\" < /", ["generate", "-", "-o", _folder["clip.mp4"]]);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("The prompt cannot be read from standard input: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(_folder.Entries);
    }

    /// <summary>`nohup` asks for just that.</summary>
    [Fact]
    public async Task Generate_WithHangupsIgnored_GoesOn()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It takes a POSIX shell.");
        string[] command = ["generate", "a red circle", .. ProcessRun.Quick[..^1], "1000", "-o", _folder["clip.mp4"]];
        using var wan = ProcessRun.Start("/bin/sh", ["-c", "trap '' HUP; exec \"$@\"", "sh", ProcessRun.Wan, .. command]);
        var error = "";
        while (!error.Contains("encode:", StringComparison.Ordinal))
        {
            error += await wan.StandardError.ReadLineAsync(Token) ?? throw new EndOfStreamException(error);
        }

        var hangup = await ProcessRun.RunAsync("kill", ["-HUP", wan.Id.ToString(CultureInfo.InvariantCulture)]);
        error += await wan.StandardError.ReadToEndAsync(Token);
        await wan.WaitForExitAsync(Token);

        Assert.Equal(0, hangup.ExitCode); // it was still at work
        Assert.True(wan.ExitCode == 0, error);
        Assert.Equal(["clip.mp4"], _folder.Entries);
    }

    /// <summary>In a terminal of 40 columns, and in one that understands no escape codes.</summary>
    [Theory]
    [InlineData("xterm-256color")]
    [InlineData("dumb")]
    public async Task Generate_InATerminal_DrawsWhatItCanShow(string term)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "`script` gives a program a terminal.");
        var run = await ProcessRun.RunAsync(
            "/usr/bin/script",
            [
                "-q",
                "-e",
                "-c",
                $"stty cols 40; exec '{ProcessRun.Wan}' generate 'a red circle' --size 64x64 --frames "
                    + $"9 --steps 6 -o '{_folder["clip.mp4"]}'",
                "/dev/null",
            ],
            new() { ["TERM"] = term, ["NO_COLOR"] = "1" }
        );

        Assert.True(run.ExitCode == 0, run.Out);
        var drawn = run
            .Out.Split('\r', '\n')
            .Where(line => line.Contains("/6", StringComparison.Ordinal))
            .Select(line => line.Replace("\e[K", "", StringComparison.Ordinal))
            .ToList();
        Assert.All(drawn, line => Assert.True(line.Length < 40, line));
        Assert.Equal(term != "dumb", drawn.Count > 0);
        Assert.Equal(term != "dumb", run.Out.Contains('\e', StringComparison.Ordinal));
        Assert.DoesNotMatch(@"\e\[[0-9;]*m", run.Out);
    }

    public void Dispose() => _folder.Dispose();

    private static void SkipWithoutTheFullDevice() =>
        Assert.SkipUnless(File.Exists("/dev/full"), "Only Linux has a device that is always full.");

    private Task<ProcessRun> GenerateAsync(string script) =>
        ProcessRun.ShellAsync(script, ["generate", "a red circle", .. ProcessRun.Quick, "-o", _folder["clip.mp4"]]);
}
