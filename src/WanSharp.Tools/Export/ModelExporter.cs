using WanSharp.Models;
using WanSharp.Models.Layout;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Export;

/// <summary>Writes a model's networks as ONNX files for other programs. Read <see cref="ExportAsync"/> from top to bottom.</summary>
/// <remarks>
/// The files are float32, or float16 between islands of float32, with external data, one a graph, with dynamic batch, frames, height
/// and width; in addition to them a <c>manifest.json</c>, a <c>README.md</c> that tells a stranger how to use them, and the tokenizer.
/// </remarks>
public static class ModelExporter
{
    private const long RoomForGraphs = 64 << 20; // Nodes and texts, not weights: 4 MB with the 40 blocks of a 14B model.

    /// <summary>Writes a folder of ONNX files, runs them, and compares what they give with our own run.</summary>
    /// <param name="model">The model.</param>
    /// <param name="runtime">What runs the files, and our networks compared with them, on the CPU.</param>
    /// <param name="folder">The folder: new, empty, or an earlier export that is replaced. It appears complete or not at all.</param>
    /// <param name="options">What to export, and how.</param>
    /// <param name="progress">Receives how far the export is.</param>
    /// <param name="cancellationToken">Stops within a tensor or an operation, and leaves nothing behind.</param>
    /// <exception cref="InvalidRequestException">The folder holds something else.</exception>
    /// <exception cref="CheckpointException">A weight is missing or of another shape.</exception>
    /// <exception cref="OrtException">A file does not load or run.</exception>
    /// <exception cref="IOException">The disk is full, or the folder cannot be written.</exception>
    public static Task<ExportReport> ExportAsync(
        WanModel model,
        OrtRuntime runtime,
        string folder,
        ExportOptions options,
        IProgress<ExportProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        return Task.Run(() => RunAsync(model, runtime, folder, options, progress, cancellationToken), cancellationToken);
    }

    private static async Task<ExportReport> RunAsync(
        WanModel model,
        OrtRuntime runtime,
        string path,
        ExportOptions options,
        IProgress<ExportProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var graphs = ExportedGraph.Of(model, options.Networks, options.Lowering, options.Compute);
        var total = graphs.Sum(graph => graph.WeightBytes);
        using var folder = ExportFolder.Open(path, options.Replace, total + RoomForGraphs);

        // 1. Write: graphs and weights.
        var written = 0L;
        foreach (var graph in graphs)
        {
            graph.Save(folder.Staging, bytes => progress?.Report(new($"writing {graph.File}", written += bytes, total)), cancellationToken);
        }

        // 2. Check: run the files, run our own networks, compare.
        var check = new ExportCheck(model, runtime, folder.Staging, graphs, options.Compute);
        var comparisons = new List<Comparison>();
        ModelNetworks[] networks = [ModelNetworks.Transformer, ModelNetworks.TextEncoder, ModelNetworks.ImageEncoder, ModelNetworks.Vae];
        foreach (
            var network in networks.Where(network =>
                options.Networks.HasFlag(network) && (network != ModelNetworks.ImageEncoder || model.VisionEncoder is not null)
            )
        )
        {
            progress?.Report(new($"checking the {ExportCheck.NameOf(network)}", total, total));
            comparisons.AddRange(await check.RunAsync(network, cancellationToken).ConfigureAwait(false));
        }

        // 3. Describe: for programs and for people.
        if (options.Networks.HasFlag(ModelNetworks.TextEncoder))
        {
            TokenizerSource.Copy(model.TokenizerPath, folder.Staging);
        }

        ExportManifest.Write(folder.Staging, model, options, graphs, comparisons);
        ExportReadme.Write(folder.Staging, model, options, graphs);
        var files = new DirectoryInfo(folder.Staging)
            .EnumerateFiles()
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => (file.Name, file.Length))
            .ToList();

        // 4. Publish: only what gives our numbers.
        cancellationToken.ThrowIfCancellationRequested();
        return new ExportReport(comparisons.All(comparison => comparison.Passed) ? folder.Publish() : folder.Keep(), files, comparisons);
    }
}
