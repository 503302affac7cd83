using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace WanSharp.Jobs.Batches.Wildcards;

/// <summary>
/// Random numbers that follow from a seed and a text alone, on every machine: those of the same prompt and seed are the same wherever
/// its line
/// stands. SHA-256 of both and a counter.
/// </summary>
internal sealed class SeededChoices(ulong seed, string text)
{
    private readonly byte[] _key = SHA256.HashData(Encoding.UTF8.GetBytes($"wildcards 1\n{seed}\n{text}"));
    private uint _count;

    /// <summary>A number from 0 to below 1.</summary>
    public double Next()
    {
        Span<byte> block = stackalloc byte[_key.Length + sizeof(uint)];
        _key.CopyTo(block);
        BinaryPrimitives.WriteUInt32LittleEndian(block[_key.Length..], _count++);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(block, digest);
        return (BinaryPrimitives.ReadUInt64LittleEndian(digest) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>An index, each as often as its weight says.</summary>
    public int Pick(IReadOnlyList<double> weights)
    {
        var at = Next() * weights.Sum();
        var last = 0;
        for (var i = 0; i < weights.Count; i++)
        {
            if (weights[i] > 0)
            {
                last = i;
                at -= weights[i];
                if (at < 0)
                {
                    return i;
                }
            }
        }

        return last; // rounding
    }

    /// <summary>A whole number from one to another, both included.</summary>
    public int Between(int least, int most) => least + (int)(Next() * (most - least + 1));
}
