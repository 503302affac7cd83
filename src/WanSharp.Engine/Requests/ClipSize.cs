namespace WanSharp.Engine.Requests;

/// <summary>Width and height in pixels.</summary>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
public readonly record struct ClipSize(int Width, int Height)
{
    /// <summary>The size as users write it: <c>832x480</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Width}x{Height}");

    /// <summary>The size of enlarged frames.</summary>
    /// <param name="scale">How many times as large the network makes them.</param>
    /// <param name="height">The height that was asked for; the width follows, and is even. Null: what the network makes.</param>
    internal ClipSize Enlarged(int scale, int? height) =>
        height is { } wanted
            ? new(2 * (int)Math.Round(Width * (double)wanted / (2 * Height), MidpointRounding.AwayFromZero), wanted)
            : new(Width * scale, Height * scale);
}
