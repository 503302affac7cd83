using WanSharp.Engine.Planning;
using WanSharp.Testing;

[assembly: AssemblyFixture(typeof(WanSharp.Cli.Tests.MeasuredMachine))]

namespace WanSharp.Cli.Tests;

/// <summary>What this machine's speed was measured to be, once for all tests that plan: a measurement takes seconds.</summary>
public sealed class MeasuredMachine : IDisposable
{
    private const string Section = "calibration";

    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<Task> _measured;

    public MeasuredMachine() => _measured = new Lazy<Task>(MeasureAsync);

    public void Dispose() => _folder.Dispose();

    /// <summary>Has a cache's folder begin with the measurement, unless it has one.</summary>
    internal async Task PlaceInAsync(string cache)
    {
        await _measured.Value;
        if (Directory.Exists(Path.Combine(cache, Section)))
        {
            return;
        }

        foreach (var file in Directory.GetFiles(_folder[Section], "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(cache, Section, Path.GetRelativePath(_folder[Section], file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>The measurements that a cache's folder holds.</summary>
    internal static IEnumerable<string> Payloads(string cache) =>
        Directory.EnumerateFiles(Path.Combine(cache, Section), "payload", SearchOption.AllDirectories);

    private async Task MeasureAsync()
    {
        Assert.False(Directory.Exists(_folder[Section]));
        var run = await CommandLineRun.RunAsync(
            ["plan", "a red circle", "--json"],
            variables: new() { ["WAN_CACHE"] = _folder.Path, ["PATH"] = Environment.GetEnvironmentVariable("PATH")! }
        );
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.NotNull(Calibration.FromJson(await File.ReadAllBytesAsync(Assert.Single(Payloads(_folder.Path)))));
    }
}
