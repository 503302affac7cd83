using System.Diagnostics;
using System.Globalization;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>Ctrl-C: exit code 130, and no file or folder is left.</summary>
public sealed class CancellationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("load")]
    [InlineData("encode")]
    [InlineData("denoise")]
    public async Task Cancel_AfterAnyStage_LeavesNothing(string stage)
    {
        using var stop = new CancellationTokenSource();
        var run = await CommandLineRun.RunAsync(
            ["generate", "a red circle", "--size", "32x32", "--frames", "81", "--steps", "2", "-o", _folder["clip.mp4"]],
            error: line => StopAt(line, stage, stop),
            cancellationToken: stop.Token
        );

        Assert.Equal(ExitCode.Cancelled, run.ExitCode);
        Assert.Empty(run.Out);
        Assert.EndsWith("wan: stopped; nothing half-written was left behind.", run.Error.TrimEnd(), StringComparison.Ordinal);
        Assert.Empty(_folder.Entries);
    }

    [Fact]
    public async Task Cancel_WhileAPromptIsAwaited_DoesNotWaitForIt()
    {
        using var stop = new CancellationTokenSource();
        using var never = new SilentInput(stop.Cancel);

        var exitCode = await WanApp.RunAsync(
            ["generate", "-", "-o", _folder["clip.mp4"]],
            new Terminal.CliEnvironment
            {
                Out = TextWriter.Null,
                Error = TextWriter.Null,
                Input = never,
                IsInteractive = false,
                Variable = Environment.GetEnvironmentVariable,
                Clock = TimeProvider.System,
            },
            stop.Token
        );

        Assert.Equal(ExitCode.Cancelled, exitCode);
    }

    /// <summary>As a terminal does it: the signal goes to the program and to the ffmpeg that it started.</summary>
    [Theory]
    [InlineData("INT", "encode:", 1000)]
    [InlineData("INT", "denoise:", 1)]
    [InlineData("TERM", "encode:", 1000)]
    [InlineData("HUP", "encode:", 1000)]
    [InlineData("QUIT", "encode:", 1000)]
    public async Task Signal_ToTheProcessGroup_EndsCleanly(string signal, string afterLine, int steps)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent with the tools of Linux.");
        Assert.SkipWhen(
            signal is "TERM" or "HUP" && IsIgnored(signal),
            "Whoever started the tests has this signal ignored, as nohup does, and so do programs they start."
        );
        using var wan = Process.Start(
            new ProcessStartInfo(
                "setsid",
                [
                    Path.Combine(AppContext.BaseDirectory, "wan"),
                    "generate",
                    "a red circle",
                    "--size",
                    "64x64",
                    "--frames",
                    "401",
                    "--steps",
                    steps.ToString(CultureInfo.InvariantCulture),
                    "-o",
                    _folder["clip.mp4"],
                ]
            )
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
        var error = "";
        while (!error.Contains(afterLine, StringComparison.Ordinal))
        {
            error += await wan.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new EndOfStreamException(error);
        }

        using var kill = Process.Start("kill", [$"-{signal}", "--", string.Create(CultureInfo.InvariantCulture, $"-{wan.Id}")]);
        await wan.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Cancelled, wan.ExitCode);
        var said = (await wan.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).Split(
            '\n',
            StringSplitOptions.RemoveEmptyEntries
        );
        Assert.Equal("wan: stopped; nothing half-written was left behind.", said[^1]);
        Assert.All(said[..^1], line => Assert.StartsWith("wan: stopping;", line, StringComparison.Ordinal)); // it took a while
        Assert.Empty(await wan.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Empty(_folder.Entries);
    }

    /// <summary>A shell without job control starts what goes to the background so; ffmpeg hears the signal all the same.</summary>
    [Theory]
    [InlineData("INT")]
    [InlineData("QUIT")]
    public async Task Signal_ThatTheShellLetItIgnore_EndsItCleanly(string signal)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent with the tools of Linux.");
        using var wan = ProcessRun.Start(
            "setsid",
            [
                "/bin/sh",
                "-c",
                $"trap '' {signal}; exec \"$@\"",
                "sh",
                ProcessRun.Wan,
                "generate",
                "a red circle",
                "--steps",
                "1000",
                "-o",
                _folder["clip.mp4"],
            ]
        );
        var error = "";
        while (!error.Contains("encode:", StringComparison.Ordinal))
        {
            error += await wan.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new EndOfStreamException(error);
        }

        using var kill = Process.Start("kill", [$"-{signal}", "--", string.Create(CultureInfo.InvariantCulture, $"-{wan.Id}")]);
        await wan.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Cancelled, wan.ExitCode);
        Assert.Empty(_folder.Entries);
    }

    /// <summary>Before the program listens, the signal ends it; after that it stops cleanly, and nothing goes on.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(120)]
    [InlineData(250)]
    [InlineData(400)]
    [InlineData(700)]
    public async Task Signal_AtAnyMomentOfTheStart_EndsIt(int milliseconds)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent with the tools of Linux.");
        using var wan = ProcessRun.Start(
            "setsid",
            [ProcessRun.Wan, "generate", "a red circle", "--frames", "401", "--steps", "1000", "-o", _folder["clip.mp4"]]
        );
        await Task.Delay(milliseconds, TestContext.Current.CancellationToken);
        string[] toItsGroup = ["-INT", "--", string.Create(CultureInfo.InvariantCulture, $"-{wan.Id}")];
        while ((await ProcessRun.RunAsync("kill", toItsGroup)).ExitCode != 0 && !wan.HasExited)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken); // setsid has not made the group yet
        }

        await wan.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Cancelled, wan.ExitCode); // also that of a process which the signal ended
        Assert.Empty(_folder.Entries);
    }

    /// <summary>Nobody cleans up after that but the next process that writes there.</summary>
    [Fact]
    public async Task Kill_WhileAClipIsMade_IsCleanedUpByTheNextOne()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It waits for files as Linux hides them.");
        string[] command = ["generate", "a red circle", "--size", "64x64", "--steps", "1", "-o", _folder["clip.mp4"]];
        using (
            var wan = Process.Start(new ProcessStartInfo(ProcessRun.Wan, [.. command, "--frames", "401"]) { RedirectStandardError = true })!
        )
        {
            while (
                !(
                    await wan.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new EndOfStreamException()
                ).StartsWith("denoise:", StringComparison.Ordinal)
            ) { }

            wan.Kill(entireProcessTree: true); // ffmpeg lives on until it sees the end of its input
            await wan.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Contains(_folder.Entries, name => name.StartsWith(".wan-", StringComparison.Ordinal));

        var next = await ProcessRun.RunAsync(ProcessRun.Wan, [.. command, "--frames", "5"]);

        Assert.True(next.ExitCode == 0, next.Error);
        Assert.Equal(["clip.mp4"], _folder.Entries);
    }

    [Fact]
    public async Task Generate_ToAPipe_IsRefusedBeforeAnythingRuns()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Pipes in folders are made with the tools of Linux.");
        await ProcessRun.RunAsync("mkfifo", [_folder["clip.mp4"]]);

        var run = await CommandLineRun.RunAsync(
            ["generate", "a red circle", "-o", _folder["clip.mp4"]],
            cancellationToken: TestContext.Current.CancellationToken
        );

        run.AssertFailed(ExitCode.Failed, "cannot be written: it is a pipe");
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Whether the signal was ignored already when this process began: what it starts inherits that, and keeps it.</summary>
    private static bool IsIgnored(string signal)
    {
        var number = signal == "HUP" ? 1 : 15;
        var mask = File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))[7..].Trim();
        return (ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (number - 1) & 1) == 1;
    }

    private static void StopAt(string line, string stage, CancellationTokenSource stop)
    {
        if (line.StartsWith(stage, StringComparison.Ordinal))
        {
            stop.Cancel();
        }
    }

    /// <summary>A terminal at which nobody types.</summary>
    private sealed class SilentInput(Action awaited) : MemoryStream
    {
        private readonly ManualResetEventSlim _typed = new();

        public override int Read(byte[] buffer, int offset, int count)
        {
            awaited();
            _typed.Wait();
            return 0;
        }

        protected override void Dispose(bool disposing)
        {
            _typed.Set();
            base.Dispose(disposing);
        }
    }
}
