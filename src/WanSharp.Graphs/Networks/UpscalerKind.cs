namespace WanSharp.Graphs.Networks;

/// <summary>How a network that enlarges frames is built.</summary>
public enum UpscalerKind
{
    /// <summary><see cref="RrdbNet"/>: ESRGAN and Real-ESRGAN (x4plus, x2plus, x4plus_anime_6B).</summary>
    Rrdb,

    /// <summary><see cref="CompactNet"/>: Real-ESRGAN's small networks (realesr-animevideov3, realesr-general-x4v3).</summary>
    Compact,

    /// <summary><see cref="SpanNet"/>: SPAN.</summary>
    Span,
}
