using Microsoft.Win32.SafeHandles;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>Tells files that are copies of each other, by some of their bytes: networks that differ do so nearly everywhere.</summary>
internal static class SameContent
{
    private const int Places = 16;
    private const int PlaceBytes = 1 << 14;

    /// <summary>Whether two checkpoints are copies: as long, and alike at all places that are looked at.</summary>
    /// <exception cref="CheckpointException">One cannot be opened.</exception>
    public static bool Is(NetworkFile one, NetworkFile other)
    {
        if (one.Length != other.Length || one.TensorCount != other.TensorCount)
        {
            return false;
        }

        using var first = Checkpoint.Open(one.Path);
        using var second = Checkpoint.Open(other.Path);
        var pairs = first.Files.Order(StringComparer.Ordinal).Zip(second.Files.Order(StringComparer.Ordinal));
        return first.Files.Count == second.Files.Count && pairs.All(pair => Is(pair.First, pair.Second));
    }

    private static bool Is(string one, string other)
    {
        try
        {
            using var first = File.OpenHandle(one);
            using var second = File.OpenHandle(other);
            var length = RandomAccess.GetLength(first);
            var (mine, theirs) = (new byte[PlaceBytes], new byte[PlaceBytes]);
            return length == RandomAccess.GetLength(second)
                && Enumerable
                    .Range(0, Places)
                    .Select(place => Math.Max(0, length - PlaceBytes) * place / (Places - 1))
                    .All(at => Read(first, mine, at).SequenceEqual(Read(second, theirs, at)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(other, $"it cannot be read: {e.Message}", e);
        }
    }

    private static ReadOnlySpan<byte> Read(SafeFileHandle file, byte[] bytes, long at) =>
        bytes.AsSpan(0, RandomAccess.Read(file, bytes, at));
}
