using WanSharp.Runtime;
using WanSharp.Storage;
using WanSharp.Testing;

[assembly: AssemblyFixture(typeof(WanSharp.Cli.Tests.MeasuredMachine))]

namespace WanSharp.Cli.Tests;

/// <summary>A measured machine for all tests that plan: to measure this one takes seconds, and is tested where it is done.</summary>
public sealed class MeasuredMachine : IDisposable
{
    private const string Section = "calibration";

    private readonly TemporaryFolder _folder = new();

    public MeasuredMachine()
    {
        var threads = Environment.ProcessorCount;
        using var runtime = OrtRuntime.Create(new RuntimeOptions { Threads = threads });
        using var store = new ContentStore(_folder[Section]);
        KnownMachine.PlaceIn(store, runtime, threads, TimeProvider.System);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Has a cache's folder begin with the measurement, unless it has one.</summary>
    internal void PlaceIn(string cache)
    {
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
}
