using WanSharp.Graphs.Networks;

namespace WanSharp.Models.Names;

/// <summary>The names of SPAN, which all tools share.</summary>
/// <remarks>Sources: hongyuanyu/SPAN:basicsr/archs/span_arch.py; without a shift of colours, chaiNNer-org/spandrel.</remarks>
internal static class SpanNames
{
    /// <summary>A tensor that says that frames are taken as they are.</summary>
    public const string NotCentred = "no_norm";

    /// <summary>What stands between a layer's name and what its trained convolutions are together.</summary>
    public const string Folded = ".eval_conv";

    /// <summary>What stands between a layer's name and those of the convolutions that it was trained as.</summary>
    public static IReadOnlyList<string> Trained { get; } = [".sk", ".conv.0", ".conv.1", ".conv.2"];

    public static NetworkNames Names { get; } =
        new(
            "network that enlarges frames (SPAN)",
            [
                "conv_1.sk.weight",
                $"conv_1{Folded}.weight",
                $"block_1.c1_r{Folded}.weight",
                "block_6.c3_r.sk.weight",
                "conv_cat.weight",
                "conv_2.sk.weight",
                "upsampler.0.weight",
            ],
            ["conv_cat.weight"],
            [NetworkNames.Official]
        );

    /// <summary>The layers that were trained as several convolutions.</summary>
    public static IEnumerable<string> Layers =>
        [
            "conv_1",
            "conv_2",
            .. from block in Enumerable.Range(1, UpscalerConfig.SpanBlocks)
            from layer in Enumerable.Range(1, 3)
            select $"block_{block}.c{layer}_r",
        ];

    /// <summary>Whether a tensor is of a convolution that was trained, or says how frames are taken.</summary>
    public static bool IsOfTraining(string name) =>
        name == NotCentred
        || Layers.Any(layer => Trained.Any(trained => name == $"{layer}{trained}.weight" || name == $"{layer}{trained}.bias"));
}
