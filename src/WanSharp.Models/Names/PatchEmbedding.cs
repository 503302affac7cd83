using WanSharp.Tensors;

namespace WanSharp.Models.Names;

/// <summary>
/// The transformer's first weight, and that of a control, under its five dimensions, <c>[dim, channels, 1, 2, 2]</c>. Tools keep the
/// same elements in the same order as a matrix (TurboDiffusion, rCM) or in four dimensions (stable-diffusion.cpp): the bias tells the
/// width.
/// </summary>
internal static class PatchEmbedding
{
    private const string Weight = "patch_embedding.weight";
    private const string ControlWeight = "vace_patch_embedding.weight";
    private const int Rank = 5;
    private const int Side = 2; // of every published model

    /// <summary>A tensor under its official dimensions.</summary>
    public static Tensor Shaped(IReadOnlyDictionary<string, Tensor> tensors, string name)
    {
        var tensor = tensors[name];
        if (
            name is not (Weight or ControlWeight)
            || tensor.Shape.Rank == Rank
            || !tensors.TryGetValue($"{name[..name.LastIndexOf('.')]}.bias", out var bias)
        )
        {
            return tensor;
        }

        var dim = bias.Shape.ElementCount;
        var channels =
            dim > 0 && tensor.Shape.ElementCount % (dim * Side * Side) == 0 ? tensor.Shape.ElementCount / (dim * Side * Side) : 0;
        long[] official = [dim, channels, Side, Side];
        return channels > 0 && Ends(tensor.Shape.Dims).All(Ends(official).Contains)
            ? tensor.Reshape([dim, channels, 1, Side, Side])
            : tensor;
    }

    /// <summary>
    /// The products of the first dimension, the first two, and so on: joining neighbouring dimensions leaves some of them out.
    /// </summary>
    private static HashSet<long> Ends(ReadOnlySpan<long> dims)
    {
        HashSet<long> ends = [1];
        long product = 1;
        foreach (var dim in dims)
        {
            ends.Add(product *= dim);
        }

        return ends;
    }
}
