using WanSharp.Graphs.Networks;

namespace WanSharp.Models.Detection;

/// <summary>The dimensions of an SRVGGNetCompact.</summary>
/// <param name="Network">The dimensions.</param>
internal sealed record CompactShape(UpscalerConfig Network);
