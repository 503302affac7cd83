namespace WanSharp.Runtime.Networks;

/// <summary>A rectangle of a clip's frames, in pixels.</summary>
/// <param name="X">Its first column.</param>
/// <param name="Y">Its first row.</param>
/// <param name="Width">Its columns.</param>
/// <param name="Height">Its rows.</param>
public readonly record struct FrameArea(int X, int Y, int Width, int Height);
