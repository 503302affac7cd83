using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>
/// Folders that may only be read: a cache costs time and no clip, an output is refused before anything runs, and the message
/// names what the system said.
/// </summary>
public sealed class ReadOnlyTests : IDisposable
{
    /// <summary>Where nobody can make anything, root included.</summary>
    private const string Unwritable = "/proc/wan";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Dictionary<string, string> UnwritableCache =>
        new() { ["WAN_CACHE"] = Unwritable, ["PATH"] = Environment.GetEnvironmentVariable("PATH")! };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("generate", "a red circle")]
    [InlineData("generate", "a red circle", "--precision", "int8")]
    [InlineData("generate", "a red circle", "--compile", "whole", "--memory", "500MB")]
    public async Task Generate_WithACacheThatCannotBeWritten_MakesTheClip(params string[] command)
    {
        SkipUnlessLinux();

        var run = await CommandLineRun.RunAsync(
            [.. command, .. ProcessRun.Quick, "-o", _folder["clip.mp4"]],
            variables: UnwritableCache,
            cancellationToken: Token
        );

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.True(File.Exists(_folder["clip.mp4"]));
    }

    [Fact]
    public async Task Batch_WithACacheThatCannotBeWritten_SaysSoAndMakesTheClips()
    {
        SkipUnlessLinux();
        await File.WriteAllTextAsync(_folder["jobs.jsonl"], """{"prompt":"a red circle","output":"clip.mp4"}""", Token);

        var run = await CommandLineRun.RunAsync(
            ["batch", _folder["jobs.jsonl"], .. ProcessRun.Quick, "-o", _folder["out"]],
            variables: UnwritableCache,
            cancellationToken: Token
        );

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains(
            $"The cache in {Unwritable}/results cannot be written, so it keeps nothing new: ",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.True(File.Exists(_folder["out/clip.mp4"]));
    }

    [Fact]
    public async Task Generate_ToADiskThatMayOnlyBeRead_SaysSoBeforeItRuns()
    {
        await using var disk = await ReadOnlyDisk.MountAsync(_folder["disk"], _ => Task.CompletedTask);

        foreach (var output in new[] { "clip.mp4", "frames/" })
        {
            var run = await CommandLineRun.RunAsync(["generate", "a red circle", "-o", disk.Path + "/" + output], cancellationToken: Token);
            run.AssertFailed(ExitCode.Failed, " cannot be written: Read-only file system.");
        }

        (await CommandLineRun.RunAsync(["export", "--model", "shapes", "-o", disk.Path + "/onnx"], cancellationToken: Token)).AssertFailed(
            ExitCode.Failed,
            "/onnx cannot be written"
        );
    }

    [Fact]
    public async Task CacheClear_OfACacheThatMayOnlyBeRead_SaysWhyEntriesStay()
    {
        await using var disk = await ReadOnlyDisk.MountAsync(
            _folder["disk"],
            async cache =>
            {
                await File.WriteAllTextAsync(_folder["jobs.jsonl"], """{"prompt":"a red circle"}""", Token);
                await CommandLineRun.RunAsync(
                    ["batch", _folder["jobs.jsonl"], .. ProcessRun.Quick, "-o", _folder["out"]],
                    variables: new(UnwritableCache) { ["WAN_CACHE"] = cache },
                    cancellationToken: Token
                );
            }
        );

        var run = await CommandLineRun.RunAsync(
            ["cache", "clear"],
            variables: new() { ["WAN_CACHE"] = disk.Path },
            cancellationToken: Token
        );

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.DoesNotContain("in use", run.Out, StringComparison.Ordinal);
        Assert.Contains("wan: 1 of results cannot be removed: Read-only file system", run.Error, StringComparison.Ordinal);
    }

    private static void SkipUnlessLinux() =>
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has a folder in which nobody makes anything.");

    /// <summary>A small disk that is filled, then may only be read; needs root on Linux.</summary>
    private sealed class ReadOnlyDisk(string path) : IAsyncDisposable
    {
        public string Path { get; } = path;

        public static async Task<ReadOnlyDisk> MountAsync(string path, Func<string, Task> fill)
        {
            Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can mount a disk.");
            Directory.CreateDirectory(path);
            var mount = await ProcessRun.RunAsync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", path]);
            Assert.SkipUnless(mount.ExitCode == 0, "This container lets nobody mount a disk.");
            var disk = new ReadOnlyDisk(path);
            try
            {
                await fill(path);
                var remount = await ProcessRun.RunAsync("mount", ["-o", "remount,ro", path]);
                Assert.True(remount.ExitCode == 0, remount.Error);
                return disk;
            }
            catch
            {
                await disk.DisposeAsync();
                throw;
            }
        }

        public async ValueTask DisposeAsync() => await ProcessRun.RunAsync("umount", [Path]);
    }
}
