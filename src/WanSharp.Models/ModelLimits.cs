namespace WanSharp.Models;

/// <summary>Limits that apply to every model.</summary>
public static class ModelLimits
{
    /// <summary>The largest width and height of a clip, in pixels.</summary>
    public const int MaximumSide = 8192;
}
