using System.Globalization;
using WanSharp.Engine.Costs;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>Random weights of the named shapes' transformers, written when they are first asked for.</summary>
/// <param name="folder">Where they are kept.</param>
/// <param name="progress">Receives what is written.</param>
internal sealed class BenchmarkCheckpoints(string folder, IProgress<string>? progress)
{
    public string Folder => folder;

    /// <summary>The index of a checkpoint.</summary>
    /// <exception cref="BenchmarkException">The disk has no room for it.</exception>
    public string Find(string shape, int? layers, DType dtype, CancellationToken cancellationToken)
    {
        var named = NamedShape.Find(shape, layers);
        var name = string.Create(CultureInfo.InvariantCulture, $"dit-{shape}{(layers is { } count ? $"-{count}" : "")}");
        var slots = new NetworkGraphs(named.Transformer, named.TextEncoder, named.Vae).TransformerWeights;
        return new RandomCheckpoints(folder).Find(name, slots, dtype, progress, cancellationToken);
    }
}
