using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Holds this machine's provider to the numbers of the original implementation.</summary>
public static class FixtureRunner
{
    private static readonly IFixtureCheck[] Checks =
    [
        new TransformerCheck(),
        new TextEncoderCheck(),
        new VaeCheck(),
        new ControlCheck(),
        new FunCheck(),
        new TinyVaeCheck(),
        new UpscalerCheck(),
        new InterpolatorCheck(),
        new VisionEncoderCheck(),
        new SamplerCheck(),
        new FewStepSamplerCheck(),
        new TokenizerCheck(),
        new ImagePreparationCheck(),
        new PipelineCheck(),
    ];

    /// <summary>The fixtures that ship with the program.</summary>
    public static string ShippedFixtures { get; } = Path.Combine(AppContext.BaseDirectory, "fixtures");

    /// <summary>Runs every fixture below a folder, one after another.</summary>
    /// <param name="folder">A fixture, or a folder of fixtures.</param>
    /// <param name="runtime">ONNX Runtime.</param>
    /// <param name="settings">The provider that is tested, and its options.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <exception cref="CheckpointException">There is no fixture.</exception>
    public static async IAsyncEnumerable<FixtureResult> RunAsync(
        string folder,
        OrtRuntime runtime,
        SessionSettings settings,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        foreach (var fixture in Find(folder))
        {
            using var graphs = new GraphCache(runtime);
            yield return await RunOneAsync(fixture, new SelftestContext(runtime, graphs, settings), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static List<string> Find(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new CheckpointException(folder, "there is no such folder; name one with fixtures, or leave it out for those that ship.");
        }

        var found = Directory
            .EnumerateFiles(folder, "config.json", SearchOption.AllDirectories)
            .Select(file => Path.GetDirectoryName(file)!)
            .Order(StringComparer.Ordinal)
            .ToList();
        return found.Count > 0 ? found : throw new CheckpointException(folder, "no folder below it has the config.json of a fixture.");
    }

    private static async Task<FixtureResult> RunOneAsync(string folder, SelftestContext context, CancellationToken cancellationToken)
    {
        var name = Path.GetFileName(folder);
        try
        {
            using var fixture = Fixture.Open(folder);
            var check = Array.Find(Checks, check => check.Handles(fixture));
            return check is null
                ? new FixtureResult(name, [], $"this version has no network for \"{fixture.Kind}\"", Skipped: true)
                : new FixtureResult(
                    name,
                    await check.RunAsync(fixture, context, cancellationToken).ConfigureAwait(false),
                    Problem: null,
                    Skipped: false
                );
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One fixture that cannot run fails by itself; the others still say what they have to say.
            return new FixtureResult(name, [], e.Message, Skipped: false);
        }
    }
}
