namespace WanSharp.Models.Names;

/// <summary>The names of Real-ESRGAN's small network, which all tools share: places in one sequence of layers.</summary>
/// <remarks>Source: xinntao/Real-ESRGAN:realesrgan/archs/srvgg_arch.py.</remarks>
internal static class CompactNames
{
    public static NetworkNames Names { get; } =
        new(
            "network that enlarges frames (SRVGGNetCompact)",
            ["body.0.weight", "body.0.bias", "body.1.weight", "body.2.weight", "body.2.bias"],
            ["body.0.weight"],
            [NetworkNames.Official]
        );
}
