using System.Collections.Concurrent;
using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Adapters;

/// <summary>
/// The LoRAs of a clip for one transformer, as a graph with <see cref="GraphOptions.Adapters"/> takes them: thin factors for each
/// linear layer, those of all LoRAs next to each other, and small weights that are changed themselves.
/// </summary>
/// <remarks>
/// Thread-safe. Strengths are not part of it (<see cref="AdapterUse"/>): a change of them copies nothing. Dispose it when no forward
/// pass needs it any more; the LoRAs' files must live as long.
/// </remarks>
public sealed class Adapter : IDisposable
{
    /// <summary>The largest rank of all LoRAs of a layer together: beyond it, a changed copy of the weights is cheaper.</summary>
    public const long MostRank = 1024;

    // Widened once and kept, or widened in each pass: for that a large network's blocks take long enough.
    private const long KeptBytes = 384L << 20;

    // Weights outside the blocks that may be copied in order to be changed.
    private const long MostCopied = 8L << 20;

    private const string Weight = ".weight";
    private const string Blocks = "blocks.";

    private readonly Dictionary<string, List<AdapterPart>> _layers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(WeightChange Change, int Lora)>> _copies = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Layer, DType DType), Lazy<AdapterFactors>> _kept = new();
    private readonly IReadOnlyList<LoraChanges> _loras;
    private readonly bool[] _copying;

    /// <param name="loras">The LoRAs, in their order.</param>
    /// <param name="weights">The transformer's weights by official name, with their shapes.</param>
    public Adapter(IReadOnlyList<LoraChanges> loras, IReadOnlyDictionary<string, Shape> weights)
    {
        ArgumentNullException.ThrowIfNull(loras);
        ArgumentNullException.ThrowIfNull(weights);
        (_loras, _copying) = (loras, new bool[loras.Count]);
        for (var lora = 0; lora < loras.Count; lora++)
        {
            foreach (var (name, changes) in loras[lora].Changes)
            {
                foreach (var change in changes)
                {
                    Add(name, weights[name], change, lora);
                }
            }
        }

        foreach (var (layer, parts) in _layers.Where(layer => layer.Value.Sum(part => part.Change.Rank) > MostRank))
        {
            MergeOnly ??= layer + Weight;
        }

        var bytes = _layers.Sum(layer =>
            AdapterFactors.RankOf(layer.Value)
            * sizeof(float)
            * layer.Value.Take(1).Sum(part => part.Change.Down.Shape[1] + part.Change.Up.Shape[0])
        );
        (ByteLength, Keeps) = (bytes, bytes <= KeptBytes);
    }

    /// <summary>How many LoRAs it is of.</summary>
    public int Count => _loras.Count;

    /// <summary>A weight that only a changed copy of all weights can have; null where factors can do everything.</summary>
    public string? MergeOnly { get; private set; }

    /// <summary>Bytes of all factors in F32.</summary>
    public long ByteLength { get; }

    /// <summary>Whether widened factors are kept from pass to pass.</summary>
    public bool Keeps { get; }

    /// <summary>Bytes of the widened factors that are kept now.</summary>
    public long KeptNow => _kept.Values.Where(factors => factors.IsValueCreated).Sum(factors => factors.Value.ByteLength);

    /// <summary>Whether a weight is changed as a copy.</summary>
    internal bool Copies(string weight) => _copies.ContainsKey(weight);

    /// <summary>Whether a layer has factors.</summary>
    internal bool Has(string layer) => _layers.ContainsKey(layer);

    /// <summary>What tells which copies of weights a pass needs: rows of one pass must agree in it.</summary>
    internal string CopiesAt(IReadOnlyList<float> strengths) =>
        string.Join(
            ';',
            Enumerable
                .Range(0, Count)
                .Where(lora => _copying[lora] && strengths[lora] != 0)
                .Select(lora => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{_loras[lora].Id}:{strengths[lora]:R}"))
        );

    /// <summary>Changes a copy of a weight.</summary>
    internal void ApplyTo(Tensor copy, string name, IReadOnlyList<float> strengths, CancellationToken cancellationToken)
    {
        foreach (var (change, lora) in _copies[name].Where(one => strengths[one.Lora] != 0))
        {
            change.Apply(copy, strengths[lora], cancellationToken);
        }
    }

    /// <summary>Whether a layer's factors were widened, and kept.</summary>
    internal bool IsKept(string layer, DType dtype) => _kept.TryGetValue((layer, dtype), out var factors) && factors.IsValueCreated;

    /// <summary>A layer's factors; the caller disposes them unless <see cref="Keeps"/>.</summary>
    internal AdapterFactors FactorsOf(string layer, DType dtype) =>
        Keeps
            ? _kept.GetOrAdd((layer, dtype), key => new Lazy<AdapterFactors>(() => new AdapterFactors(_layers[key.Layer], key.DType))).Value
            : new AdapterFactors(_layers[layer], dtype);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var factors in _kept.Values.Where(factors => factors.IsValueCreated))
        {
            factors.Value.Dispose();
        }
    }

    private void Add(string name, Shape shape, WeightChange change, int lora)
    {
        var isMatrix = name.EndsWith(Weight, StringComparison.Ordinal) && shape.Rank is 2 or 5;
        if (isMatrix && change.AsLowRank(MostRank) is { } lowRank)
        {
            var layer = name[..^Weight.Length];
            if (!_layers.TryGetValue(layer, out var parts))
            {
                _layers.Add(layer, parts = []);
            }

            parts.Add(new AdapterPart(lowRank, lora, _loras[lora].Source));
        }
        else if (isMatrix && (name.StartsWith(Blocks, StringComparison.Ordinal) || shape.ElementCount > MostCopied))
        {
            MergeOnly ??= name;
        }
        else
        {
            if (!_copies.TryGetValue(name, out var changes))
            {
                _copies.Add(name, changes = []);
            }

            changes.Add((change, lora));
            _copying[lora] = true;
        }
    }
}
