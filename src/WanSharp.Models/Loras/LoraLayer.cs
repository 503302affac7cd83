using WanSharp.Runtime.Adapters;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Models.Loras;

/// <summary>Reads what a LoRA does to one layer.</summary>
/// <param name="file">The file.</param>
/// <param name="keys">The layer's tensors.</param>
/// <param name="weights">The transformer's weights, with their shapes.</param>
/// <param name="model">What the model is called.</param>
/// <param name="note">What the writer noted of scales.</param>
internal sealed class LoraLayer(
    ICheckpoint file,
    IGrouping<string, LoraKey> keys,
    IReadOnlyDictionary<string, Shape> weights,
    string model,
    PeftNote? note
)
{
    // Differences up to here are looked at: tools write those that are zero, too.
    private const long SmallElements = 1 << 20;

    private static readonly LoraRole[] Hadamard =
    [
        LoraRole.HadamardUp1,
        LoraRole.HadamardDown1,
        LoraRole.HadamardUp2,
        LoraRole.HadamardDown2,
    ];

    private readonly Dictionary<LoraRole, LoraKey> _keys = Once(file, keys);
    private readonly HashSet<LoraRole> _used = [];

    /// <summary>Whether the transformer has the layer.</summary>
    public bool IsRead { get; private set; }

    /// <summary>The first of its tensors' names.</summary>
    public string FirstName => keys.First().Name;

    /// <summary>Whether another layer of the file has the same tensors under other names.</summary>
    public bool IsSameAs(LoraLayer other)
    {
        var (mine, theirs) = (Roles(this), Roles(other));
        return mine.SetEquals(theirs)
            && mine.All(role => IsSame(file.Get(_keys[role].Name), file.Get(other._keys[role].Name)))
            && AlphaOf(this) == AlphaOf(other);

        static HashSet<LoraRole> Roles(LoraLayer layer) => [.. layer._keys.Keys.Where(role => role != LoraRole.Alpha)];

        static bool IsSame(Tensor one, Tensor two) =>
            one.DType == two.DType
            && one.Shape == two.Shape
            && one.ReadBytes(0, (int)one.ByteLength).SequenceEqual(two.ReadBytes(0, (int)two.ByteLength));

        // Without one, the change is not scaled, as with one that is the rank.
        static double? AlphaOf(LoraLayer layer) =>
            layer._keys.TryGetValue(LoraRole.Alpha, out var alpha) ? layer.NumberOf(alpha)
            : layer._keys.TryGetValue(LoraRole.Down, out var down) ? layer.ScaleOf(layer.Flat(down).Shape[0]) * layer.Flat(down).Shape[0]
            : null;
    }

    /// <summary>The changes, each with its weight's name; none where the transformer has no such layer.</summary>
    /// <param name="layer">The layer's official name, or null.</param>
    /// <param name="modules">The transformer's layers.</param>
    public IEnumerable<(string Weight, WeightChange Change)> Read(string? layer, LoraModules modules)
    {
        var changes = new List<(string, WeightChange)>();
        if (Find(LoraRole.ModulationDifference) is { } modulation && modules.Find($"{keys.Key}.modulation") is { } table)
        {
            Add(table, Difference(modulation, table));
        }

        if (layer is not null)
        {
            var weight = weights.ContainsKey($"{layer}.weight") ? $"{layer}.weight" : layer;
            Add(weight, Product(weight));
            Add(weight, Find(LoraRole.Difference) is { } difference ? Difference(difference, weight) : null);
            ReadBias($"{layer}.bias");
        }

        IsRead = layer is not null || _used.Count > 0;
        if (IsRead && _keys.Where(key => !_used.Contains(key.Key)).Select(key => key.Value).FirstOrDefault() is { } left)
        {
            throw new CheckpointException(file.Path, left.Name, "what it goes with is missing: the file is incomplete, get it again.");
        }

        return changes;

        void Add(string name, WeightChange? change)
        {
            if (change is not null)
            {
                changes.Add((name, change));
            }
        }

        void ReadBias(string bias)
        {
            if (Find(LoraRole.BiasDifference) is { } added)
            {
                Add(bias, Difference(added, bias));
            }

            if (_keys.TryGetValue(LoraRole.Down, out var down) && Find(LoraRole.UpBias) is { } up)
            {
                RequireShape(up, bias);
                Add(bias, new FullChange(Get(up), ScaleOf(Flat(down).Shape[0])));
            }
        }
    }

    private static Dictionary<LoraRole, LoraKey> Once(ICheckpoint file, IGrouping<string, LoraKey> keys)
    {
        var once = new Dictionary<LoraRole, LoraKey>();
        foreach (var key in keys)
        {
            if (!once.TryAdd(key.Role, key))
            {
                throw new CheckpointException(
                    file.Path,
                    key.Name,
                    $"it and {CheckpointException.Quote(once[key.Role].Name)} say the same of one layer: which one is meant is not known."
                );
            }
        }

        return once;
    }

    private LoraKey? Find(LoraRole role)
    {
        if (!_keys.TryGetValue(role, out var key))
        {
            return null;
        }

        _used.Add(role);
        return key;
    }

    private Tensor Get(LoraKey key)
    {
        var tensor = file.Get(key.Name);
        WeightScale.RequireMeaning(file.Path, key.Name, tensor, scale: null);
        return tensor;
    }

    /// <summary>The change that is made of factors, if there is one.</summary>
    private WeightChange? Product(string weight)
    {
        WeightChange? change =
            LowRank(weight) is { } thin ? thin
            : LoHa(weight) is { } loHa ? loHa
            : LoKr(weight);
        if (change is null || Find(LoraRole.Magnitude) is not { } key)
        {
            return change is null || note is not { IsDecomposed: true }
                ? change
                : throw new CheckpointException(
                    file.Path,
                    FirstName,
                    "it is noted as DoRA, whose magnitudes are missing: the file is incomplete, get it again."
                );
        }

        var (magnitude, shape) = (Get(key), weights[weight]);
        var byRow = magnitude.Shape.Rank < 2 || magnitude.Shape[0] == shape[0];
        var wanted = byRow ? shape[0] : shape.ElementCount / shape[0];
        return magnitude.Shape.ElementCount == wanted
            ? new DecomposedChange(change, magnitude, byRow)
            : throw Misfit(key, $"lengths for {magnitude.Shape.ElementCount} rows or columns", weight);
    }

    private LowRankChange? LowRank(string weight)
    {
        if (!_keys.ContainsKey(LoraRole.Down) || !_keys.ContainsKey(LoraRole.Up))
        {
            return null;
        }

        var (downKey, upKey) = (Find(LoraRole.Down)!, Find(LoraRole.Up)!);
        var (down, up) = (Get(downKey), Get(upKey));
        RequirePair(downKey, down, upKey, up, weight);
        var scale = ScaleOf(down.Shape[0]);
        LoraNumbers.Require(file.Path, (downKey.Name, down), (upKey.Name, up), scale);
        return new LowRankChange(down, up, scale);
    }

    private HadamardChange? LoHa(string weight)
    {
        if (!Hadamard.All(_keys.ContainsKey))
        {
            return null;
        }

        var parts = Hadamard.Select(role => Find(role)!).ToArray();
        RequirePair(parts[1], Get(parts[1]), parts[0], Get(parts[0]), weight);
        RequirePair(parts[3], Get(parts[3]), parts[2], Get(parts[2]), weight);
        return new HadamardChange(Flat(parts[0]), Flat(parts[1]), Flat(parts[2]), Flat(parts[3]), ScaleOf(Get(parts[1]).Shape[0]));
    }

    private KroneckerChange? LoKr(string weight)
    {
        var first = Factored(LoraRole.Kronecker1, LoraRole.KroneckerLeft1, LoraRole.KroneckerRight1);
        var second = Factored(LoraRole.Kronecker2, LoraRole.KroneckerLeft2, LoraRole.KroneckerRight2);
        if (first is not { } w1 || second is not { } w2)
        {
            return null;
        }

        var shape = weights[weight];
        var (rows, columns) = (w1.Matrix.Rows * w2.Matrix.Rows, w1.Matrix.Columns * w2.Matrix.Columns);
        if (rows != shape[0] || columns != shape.ElementCount / shape[0])
        {
            throw Misfit(w2.Key, $"a weight of [{rows}, {columns}]", weight);
        }

        return new KroneckerChange(w1.Matrix, w2.Matrix, KroneckerScale((w2.Matrix.Right ?? w1.Matrix.Right)?.Shape[0], w2.Key));
    }

    /// <summary>
    /// LyCORIS divides by the rank of what is a product; without any, its alpha says nothing. PEFT divides by the rank that it notes in
    /// any case.
    /// </summary>
    private double KroneckerScale(long? rank, LoraKey key) =>
        Find(LoraRole.Alpha) is { } alpha
            ? rank is { } known
                ? NumberOf(alpha) / known
                : 1
            : note is null
                ? 1
                : rank is { } noted
                    ? note.ScaleOf(noted)
                    : note.ScaleOfWhole()
                        ?? throw new CheckpointException(
                            file.Path,
                            key.Name,
                            "its scale depends on the rank that it was trained with, which is noted for some layers only: merge it into a "
                                + "checkpoint with PEFT."
                        );

    private (FactoredMatrix Matrix, LoraKey Key)? Factored(LoraRole whole, LoraRole left, LoraRole right)
    {
        if (Find(whole) is { } one)
        {
            return (new FactoredMatrix(Flat(one)), one);
        }

        if (!_keys.ContainsKey(left) || !_keys.ContainsKey(right))
        {
            return null;
        }

        var (leftKey, rightKey) = (Find(left)!, Find(right)!);
        var (l, r) = (Flat(leftKey), Flat(rightKey));
        return l.Shape[1] == r.Shape[0]
            ? (new FactoredMatrix(l, r), leftKey)
            : throw new CheckpointException(file.Path, leftKey.Name, $"{l.Shape} and {r.Shape} cannot be multiplied: the file is damaged.");
    }

    private FullChange? Difference(LoraKey key, string weight)
    {
        RequireShape(key, weight);
        var tensor = Get(key);
        if (tensor.Shape.ElementCount > SmallElements)
        {
            return new FullChange(tensor);
        }

        var values = new float[tensor.Shape.ElementCount];
        tensor.ConvertTo(values.AsSpan());
        LoraNumbers.RequireFinite(file.Path, key.Name, values);
        return values.AsSpan().ContainsAnyExcept(0f) ? new FullChange(tensor) : null;
    }

    /// <summary>alpha / rank, or what the writer noted in place of alphas, or 1.</summary>
    private double ScaleOf(long rank) =>
        Find(LoraRole.Alpha) is { } alpha ? NumberOf(alpha) / rank
        : note is { Rank: { } noted } && noted != rank
            ? throw new CheckpointException(
                file.Path,
                FirstName,
                $"its rank is {rank}, and PEFT's note says {noted}: the note is of another LoRA, or the LoRA was resized without it. "
                    + "Remove the note (adapter_config.json) if the LoRA needs no scale, or get the whole."
            )
        : note?.ScaleOf(rank) ?? 1;

    private double NumberOf(LoraKey key)
    {
        if (file.Numbers.TryGetValue(key.Name, out var number))
        {
            return double.IsFinite(number) ? number : throw new CheckpointException(file.Path, key.Name, "it is not a number.");
        }

        var tensor = file.Get(key.Name);
        if (tensor.Shape.ElementCount != 1)
        {
            throw new CheckpointException(file.Path, key.Name, $"it is one number, not {tensor.Shape}.");
        }

        var value = new float[1];
        tensor.ConvertTo(value.AsSpan());
        return float.IsFinite(value[0]) ? value[0] : throw new CheckpointException(file.Path, key.Name, "it is not a number.");
    }

    /// <summary>[rows, everything else].</summary>
    private Tensor Flat(LoraKey key)
    {
        var tensor = Get(key);
        return tensor.Shape.Rank >= 2 && tensor.Shape[0] > 0 && tensor.Shape.ElementCount > 0
            ? tensor.Reshape([tensor.Shape[0], tensor.Shape.ElementCount / tensor.Shape[0]])
            : throw new CheckpointException(file.Path, key.Name, $"{tensor.Shape} is not the shape of a factor.");
    }

    private void RequirePair(LoraKey downKey, Tensor down, LoraKey upKey, Tensor up, string weight)
    {
        var (d, u, shape) = (Flat(downKey).Shape, Flat(upKey).Shape, weights[weight]);
        if (d[0] != u[1])
        {
            throw new CheckpointException(
                file.Path,
                downKey.Name,
                $"{down.Shape} and {CheckpointException.Quote(upKey.Name)}'s {up.Shape} have different ranks: the file is damaged."
            );
        }

        if (u[0] != shape[0] || d[1] != shape.ElementCount / shape[0])
        {
            throw Misfit(upKey, $"a weight of [{u[0]}, {d[1]}]", weight);
        }
    }

    private void RequireShape(LoraKey key, string weight)
    {
        var tensor = file.Get(key.Name);
        if (!weights.TryGetValue(weight, out var shape))
        {
            throw new CheckpointException(file.Path, key.Name, $"{model} has no {weight} that it could change.");
        }

        if (
            tensor.Shape.ElementCount != shape.ElementCount
            || (shape.Rank > 1 && tensor.Shape.Rank > 1 && !StoredParts.Fits(tensor.Shape, shape))
        )
        {
            throw Misfit(key, $"a weight of {tensor.Shape}", weight);
        }
    }

    private CheckpointException Misfit(LoraKey key, string theirs, string weight) =>
        new(
            file.Path,
            key.Name,
            $"it is for {theirs}, but {model}'s {weight} is {weights[weight]}: it is a LoRA of another model. Use it with the one that "
                + "it was trained for."
        );
}
