using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// Checks that the element types of a network's weights are those that a tool would have written together. A type that is not the
/// tensor's own is as long and gives other numbers, so that it shows only next to the types of its kin.
/// </summary>
internal static class ElementTypes
{
    private const int Sample = 1024;
    private const int SmallestSample = 32;

    // 16 bits read as those of the other kind are far smaller than any weight, or none of them is near zero.
    private const float Smallest = 1f / (1 << 20);
    private const float FarFromZero = 1f / 8;
    private const float Largest = 1e4f;

    /// <summary>Whether weights of a type have a scale, as a rule.</summary>
    public static bool IsQuantized(DType dtype) => dtype is DType.I8 or DType.F8E4M3 or DType.F8E5M2;

    /// <summary>Checks the weights of a network.</summary>
    /// <exception cref="CheckpointException">One of them has a type that it cannot have been written in.</exception>
    public static void Require(ICheckpoint network, IReadOnlyList<string> weights)
    {
        RequireQuantized(network, [.. weights.Where(name => IsQuantized(network.Tensors[name].DType))]);
        List<string> halves = [.. weights.Where(name => IsHalf(network.Tensors[name].DType))];
        if (halves.Select(name => network.Tensors[name].DType).Distinct().Count() > 1)
        {
            RequireKinOfOneType(network, halves, RoleOf);
            RequireKinOfOneType(network, halves, ModuleOf);
            RequireNoneAlone(network, halves);
            halves.ForEach(name => RequirePlausible(network, name));
        }

        RequireBlocks(network, weights, DType.Q40, DType.Q4K);
        RequireBlocks(network, weights, DType.Q50, DType.Q5K);
        RequireScales(network);
    }

    /// <summary>
    /// 8-bit weights are all of one type, unless each says its own, and of the same layer of each block either all or none have a scale and
    /// a note. Tools leave whole roles without: norms, embeddings, the head.
    /// </summary>
    private static void RequireQuantized(ICheckpoint network, List<string> weights)
    {
        var noted = weights.Where(name => QuantizationNote.Find(network, name) is not null).ToHashSet();
        foreach (var kin in weights.GroupBy(RoleOf))
        {
            RequireAllOrNone([.. kin], noted.Contains, "has a note of how it was quantized (comfy_quant)");
            RequireAllOrNone([.. kin], name => WeightScale.Has(network, name), "has a scale");
        }

        if (noted.Count == 0)
        {
            RequireKinOfOneType(network, weights, _ => "");
        }

        void RequireAllOrNone(List<string> kin, Predicate<string> has, string what)
        {
            if (kin.Find(has) is { } first && kin.Find(name => !has(name)) is { } second)
            {
                throw new CheckpointException(
                    network.Path,
                    second,
                    $"{CheckpointException.Quote(first)} {what}, and this weight of the same kind has none: "
                        + "what it stands for is not known. Get a file in which all of them are alike."
                );
            }
        }
    }

    /// <summary>The scales of the same layer in each block have one type.</summary>
    private static void RequireScales(ICheckpoint network) =>
        RequireKinOfOneType(
            network,
            [.. network.Tensors.Keys.Where(name => WeightScale.Suffixes.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal)))],
            RoleOf
        );

    private static void RequireKinOfOneType(ICheckpoint network, IEnumerable<string> names, Func<string, string> kin)
    {
        foreach (var group in names.GroupBy(kin))
        {
            var types = group.GroupBy(name => network.Tensors[name].DType).OrderBy(type => type.Count()).ToList();
            if (types.Count > 1)
            {
                throw new CheckpointException(
                    network.Path,
                    types[0].First(),
                    $"it is {types[0].Key.Name()}, but {CheckpointException.Quote(types[^1].First())} "
                        + $"next to it is {types[^1].Key.Name()}: "
                        + "no tool writes them so; the file is damaged."
                );
            }
        }
    }

    /// <summary>A vector that alone has its type cannot be told by its numbers.</summary>
    private static void RequireNoneAlone(ICheckpoint network, List<string> halves)
    {
        foreach (var type in halves.GroupBy(name => network.Tensors[name].DType))
        {
            if (type.Take(2).ToList() is [var alone] && network.Tensors[alone].Shape.Dims.ToArray().Count(dim => dim > 1) < 2)
            {
                throw new CheckpointException(
                    network.Path,
                    alone,
                    $"it is {type.Key.Name()}, which no other weight of the network is: the file is damaged."
                );
            }
        }
    }

    private static void RequirePlausible(ICheckpoint network, string name)
    {
        var tensor = network.Tensors[name];
        var values = First(tensor, Sample);
        var sizes = values.Where(value => value != 0).Select(Math.Abs).Order().ToList();
        if (sizes.Count < SmallestSample)
        {
            return;
        }

        var isTiny = tensor.DType == DType.BF16 && sizes[sizes.Count / 2] < Smallest;
        var isFar =
            tensor.DType == DType.F16 && sizes[0] >= FarFromZero && values.Any(value => value < 0) && values.Any(value => value > 0);
        if (isTiny || isFar)
        {
            throw new CheckpointException(
                network.Path,
                name,
                $"its numbers are not those of a weight in {tensor.DType.Name()}; the file is damaged."
            );
        }
    }

    /// <summary>Two of GGUF's types have blocks of equal length: read as the other they are numbers beyond all weights.</summary>
    private static void RequireBlocks(ICheckpoint network, IReadOnlyList<string> weights, DType one, DType other)
    {
        List<string> both = [.. weights.Where(name => network.Tensors[name].DType is var dtype && (dtype == one || dtype == other))];
        if (both.Select(name => network.Tensors[name].DType).Distinct().Count() < 2)
        {
            return;
        }

        if (both.Find(name => First(network.Tensors[name], Sample * 4).Any(value => !(Math.Abs(value) < Largest))) is { } name)
        {
            throw new CheckpointException(
                network.Path,
                name,
                $"its numbers are not those of a weight in {network.Tensors[name].DType.Name()}; the file is damaged."
            );
        }
    }

    private static float[] First(Tensor tensor, int count)
    {
        var length = Math.Min(count, tensor.Shape.ElementCount / tensor.DType.BlockLength() * tensor.DType.BlockLength());
        var values = new float[length / tensor.DType.BlockLength() * tensor.DType.BlockLength()];
        tensor.Reshape([tensor.Shape.ElementCount]).Slice(0, values.Length).ConvertTo(values);
        return values;
    }

    private static bool IsHalf(DType dtype) => dtype is DType.F16 or DType.BF16;

    /// <summary>A name without the number of its block.</summary>
    public static string RoleOf(string name)
    {
        var parts = name.Split('.');
        var number = Array.FindIndex(parts, part => part.Length > 0 && part.All(char.IsAsciiDigit));
        return number < 0 ? name : string.Join('.', [.. parts[..number], "*", .. parts[(number + 1)..]]);
    }

    private static string ModuleOf(string name) => name[..Math.Max(0, name.LastIndexOf('.'))];
}
