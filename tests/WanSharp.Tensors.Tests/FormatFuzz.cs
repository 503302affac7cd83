using System.Buffers.Binary;
using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

/// <summary>Damaged files of a format are either opened, and then every byte of every tensor can be read, or refused.</summary>
/// <param name="valid">A whole file.</param>
/// <param name="headers">The parts of it that say what the rest means: most mutations go there.</param>
/// <param name="open">Opens a file.</param>
internal sealed class FormatFuzz(byte[] valid, IReadOnlyList<Range> headers, Func<string, ICheckpoint> open)
{
    // A refusal with its stack trace takes about 20 KB; a claimed length must never be allocated.
    private const long MostAllocated = 256 << 10;

    private static readonly long[] Extremes =
    [
        0,
        1,
        -1,
        long.MaxValue,
        long.MinValue,
        int.MaxValue,
        uint.MaxValue,
        1L << 40,
        1L << 61,
        1 << 20,
    ];

    /// <summary>Opens mutations of the file.</summary>
    /// <returns>How many were refused.</returns>
    public int Run(int seed, int count)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(seed);
        var refused = 0;
        File.WriteAllBytes(folder["valid"], valid);
        Assert.True(TryOpen(folder["valid"])); // also compiles the code, which allocates
        for (var i = 0; i < count; i++)
        {
            File.WriteAllBytes(folder["fuzz"], Mutate(random));
            var before = GC.GetAllocatedBytesForCurrentThread();
            refused += TryOpen(folder["fuzz"]) ? 0 : 1;
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
        }

        return refused;
    }

    private byte[] Mutate(Random random)
    {
        var bytes = valid.ToArray();
        switch (random.Next(6))
        {
            case 0:
                return random.Next(4) == 0 ? [.. bytes, .. new byte[random.Next(1, 100)]] : bytes[..random.Next(bytes.Length)];
            case 1:
                var start = Place(random, 1);
                var length = random.Next(1, 40);
                return random.Next(2) == 0
                    ? [.. bytes[..start], .. bytes[Math.Min(bytes.Length, start + length)..]]
                    : [.. bytes[..start], .. bytes[start..Math.Min(bytes.Length, start + length)], .. bytes[start..]];
            case 2:
                var number = Extremes[random.Next(Extremes.Length)];
                if (random.Next(2) == 0)
                {
                    BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Place(random, 8)), number);
                }
                else
                {
                    BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(Place(random, 4)), (int)number);
                }

                return bytes;
            case 3:
                random.NextBytes(bytes.AsSpan(Place(random, 4), 4));
                return bytes;
            default:
                for (var flips = random.Next(1, 9); flips > 0; flips--)
                {
                    bytes[Place(random, 1)] ^= (byte)(1 << random.Next(8));
                }

                return bytes;
        }
    }

    private int Place(Random random, int length)
    {
        var (start, size) = headers[random.Next(headers.Count)].GetOffsetAndLength(valid.Length);
        return start + random.Next(size - length + 1);
    }

    private bool TryOpen(string path)
    {
        try
        {
            using var checkpoint = open(path);
            foreach (var tensor in checkpoint.Tensors.Values)
            {
                for (long i = 0; i < tensor.ByteLength; i += 256)
                {
                    _ = tensor.ReadBytes(i, 1)[0];
                }
            }

            return true;
        }
        catch (CheckpointException)
        {
            return false;
        }
    }
}
