using WanSharp.Tensors;

namespace WanSharp.Models.Names;

/// <summary>The tiny autoencoders' names, which all tools share: places in the two sequences of layers.</summary>
/// <remarks>Source: madebyollin/taehv:taehv.py.</remarks>
internal static class TinyVaeNames
{
    /// <summary>The layers of the decoder that make frames of each, by place, and how many frames.</summary>
    private static readonly Dictionary<string, int> Growing = new(StringComparer.Ordinal)
    {
        ["decoder.7.conv.weight"] = 1,
        ["decoder.13.conv.weight"] = 2,
        ["decoder.19.conv.weight"] = 2,
    };

    public static NetworkNames Names { get; } =
        new(
            "tiny autoencoder (TAEHV)",
            ["decoder.1.weight", "decoder.3.conv.0.weight", "decoder.3.conv.2.weight", "decoder.8.weight", "decoder.22.weight"],
            ["decoder.1.weight"],
            [NetworkNames.Official]
        )
        {
            Shaped = Shaped,
        };

    /// <summary>
    /// A layer that is stored for more frames than it makes here keeps what it has for the last ones, as the original code does
    /// (taehv.py: patch_tgrow_layers).
    /// </summary>
    private static Tensor Shaped(IReadOnlyDictionary<string, Tensor> tensors, string name)
    {
        var tensor = tensors[name];
        if (!Growing.TryGetValue(name, out var frames) || tensor.Shape.Rank != 4)
        {
            return tensor;
        }

        var rows = frames * tensor.Shape[1];
        return rows > 0 && tensor.Shape[0] > rows && tensor.Shape[0] % tensor.Shape[1] == 0
            ? tensor.Slice(tensor.Shape[0] - rows, rows)
            : tensor;
    }
}
