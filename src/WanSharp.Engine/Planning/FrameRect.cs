namespace WanSharp.Engine.Planning;

/// <summary>A part of a frame, in pixels.</summary>
internal readonly record struct FrameRect(int Left, int Top, int Width, int Height);
