using System.Globalization;

namespace WanSharp.Tensors;

/// <summary>Sizes in bytes as people read them.</summary>
public static class ByteSize
{
    private static readonly (string Unit, double Bytes, int Digits)[] Units = [("B", 1, 0), ("KB", 1e3, 1), ("MB", 1e6, 1), ("GB", 1e9, 2)];

    /// <summary>A size in the largest unit of which it is at least one: <c>512 B</c>, <c>4.1 KB</c>, <c>1.23 GB</c>.</summary>
    /// <param name="bytes">The size. Units are powers of 1000.</param>
    public static string Text(double bytes)
    {
        // rounded first: 999,999 bytes are 1.0 MB, never 1000.0 KB
        var (unit, factor, digits) = Units.FirstOrDefault(one => Math.Round(bytes / one.Bytes, one.Digits) < 1000, Units[^1]);
        return (bytes / factor).ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) + " " + unit;
    }
}
