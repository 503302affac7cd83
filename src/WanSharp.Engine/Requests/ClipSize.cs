namespace WanSharp.Engine.Requests;

/// <summary>Width and height in pixels.</summary>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
public readonly record struct ClipSize(int Width, int Height)
{
    /// <summary>The size as users write it: <c>832x480</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Width}x{Height}");
}
