namespace WanSharp.Tensors;

/// <summary>
/// Tells copies of a large file from other files by samples of their bytes: two networks of one shape differ nearly everywhere, and a
/// digest would read them whole.
/// </summary>
internal static class FileSamples
{
    private const int Count = 64;
    private const int Length = 16 << 10;

    /// <summary>Whether two files have one length, and the same bytes at places that are spread over it.</summary>
    /// <exception cref="IOException">One cannot be read.</exception>
    public static bool AreAlike(string a, string b)
    {
        using var one = PlainFile.OpenRead(a);
        using var other = PlainFile.OpenRead(b);
        if (one.Length != other.Length)
        {
            return false;
        }

        var (left, right) = (new byte[Length], new byte[Length]);
        var last = Math.Max(0, one.Length - Length);
        for (var i = 0; i < Count; i++)
        {
            one.Position = other.Position = last * i / (Count - 1);
            var count = one.ReadAtLeast(left, Length, throwOnEndOfStream: false);
            if (
                other.ReadAtLeast(right, Length, throwOnEndOfStream: false) != count
                || !left.AsSpan(0, count).SequenceEqual(right.AsSpan(0, count))
            )
            {
                return false;
            }
        }

        return true;
    }
}
