using WanSharp.Graphs.Networks;

namespace WanSharp.Models.Detection;

/// <summary>The dimensions of an RRDBNet.</summary>
/// <param name="Network">The dimensions.</param>
internal sealed record RrdbShape(UpscalerConfig Network);
