namespace WanSharp.Tools.Compare;

/// <summary>Two clips and what was measured of them.</summary>
/// <param name="Pair">The clips.</param>
/// <param name="Result">What was measured.</param>
/// <param name="Vmaf">VMAF, 0 to 100; null where ffmpeg does not have it.</param>
/// <param name="Strip">Some of their frames, for a page; null where none is written.</param>
public sealed record ComparedClips(ClipPair Pair, ClipComparison Result, double? Vmaf, FrameStrip? Strip);
