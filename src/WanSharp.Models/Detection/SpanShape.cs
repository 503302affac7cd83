using WanSharp.Graphs.Networks;

namespace WanSharp.Models.Detection;

/// <summary>The dimensions of a SPAN.</summary>
/// <param name="Network">The dimensions.</param>
internal sealed record SpanShape(UpscalerConfig Network);
