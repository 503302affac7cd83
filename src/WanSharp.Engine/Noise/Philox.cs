using System.Runtime.InteropServices;

namespace WanSharp.Engine.Noise;

/// <summary>
/// Philox 4×32 with 10 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a bijection of
/// 128-bit counters under a 64-bit key that passes the tests of randomness. No state: any block can be had at any time.
/// </summary>
internal static class Philox
{
    private const int Rounds = 10;
    private const uint Multiplier0 = 0xD2511F53,
        Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9,
        Weyl1 = 0xBB67AE85; // the golden ratio and √3 − 1: the key schedule

    public static Block Generate(Block counter, uint key0, uint key1)
    {
        var (x0, x1, x2, x3) = counter;
        for (var round = 0; round < Rounds; round++)
        {
            var (left, right) = ((ulong)x0 * Multiplier0, (ulong)x2 * Multiplier1);
            (x0, x1, x2, x3) = ((uint)(right >> 32) ^ x1 ^ key0, (uint)right, (uint)(left >> 32) ^ x3 ^ key1, (uint)left);
            unchecked
            {
                key0 += Weyl0;
                key1 += Weyl1;
            }
        }

        return new Block(x0, x1, x2, x3);
    }

    /// <summary>128 bits: a counter, or what it becomes.</summary>
    [StructLayout(LayoutKind.Auto)]
    public readonly record struct Block(uint X0, uint X1, uint X2, uint X3);
}
