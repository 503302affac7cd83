using System.Numerics.Tensors;
using System.Runtime.Intrinsics.X86;
using WanSharp.Graphs;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// Turns a matrix of floats into 8-bit codes: symmetric, with a scale for each output channel, and transposed as the
/// runtime's integer product takes it.
/// </summary>
internal static class Int8Codes
{
    private const int TileRows = 64; // a cache line of codes of one input

    // Without VNNI, x64 kernels add two products in 16 bits: 2 · 255 · 64 still fits, 2 · 255 · 127 does not.
    private const int NarrowLargest = 63;
    private const int WideLargest = 127;

    /// <summary>The largest code of a weight: 127, or what this processor's integer product takes without overflow.</summary>
    /// <remarks>Source: "reduce_range" in onnxruntime.ai's guide to quantization.</remarks>
    public static int Largest { get; } = !X86Base.IsSupported || AvxVnni.IsSupported || HasAvx512Vnni() ? WideLargest : NarrowLargest;

    /// <summary>Rotates the rows of a matrix, as the inputs of the layer will be; in place.</summary>
    /// <param name="weight">F32 [out, in].</param>
    /// <param name="group">Of how many columns each group is; 0 for no rotation.</param>
    /// <param name="cancellationToken">Stops between parts.</param>
    public static void Rotate(Tensor weight, int group, CancellationToken cancellationToken)
    {
        if (group == 0)
        {
            return;
        }

        var rotation =
            RegularHadamard.Of(group) ?? throw new ArgumentException($"There is no rotation of groups of {group}.", nameof(group));
        Parallel.For(
            0,
            weight.Shape[0],
            new ParallelOptions { CancellationToken = cancellationToken },
            row => rotation.Rotate(weight.Slice(row, 1).Write<float>())
        );
    }

    /// <summary>Quantizes a matrix.</summary>
    /// <param name="weight">F32 [out, in].</param>
    /// <param name="codes">Receives I8 [in, out].</param>
    /// <param name="scales">Receives F32 [out]: what a channel's codes are multiplied by.</param>
    /// <param name="cancellationToken">Stops between parts.</param>
    /// <returns>False when a weight is not finite.</returns>
    public static bool TryWrite(Tensor weight, Tensor codes, Tensor scales, CancellationToken cancellationToken)
    {
        var rows = weight.Shape[0];
        var isFinite = true;
        var options = new ParallelOptions { CancellationToken = cancellationToken };
        Parallel.For(
            0,
            (rows + TileRows - 1) / TileRows,
            options,
            tile =>
            {
                var first = tile * TileRows;
                if (!TryWriteTile(weight, codes, scales, first, (int)Math.Min(TileRows, rows - first)))
                {
                    isFinite = false;
                }
            }
        );
        return isFinite;
    }

    private static bool TryWriteTile(Tensor weight, Tensor codes, Tensor scales, long first, int count)
    {
        var (rows, columns) = ((int)weight.Shape[0], (int)weight.Shape[1]);
        var scaled = new float[columns];
        var tile = new sbyte[count * columns]; // [count, in]
        for (var row = 0; row < count; row++)
        {
            var values = weight.Slice(first + row, 1).Read<float>();
            var magnitude = Math.Abs(TensorPrimitives.MaxMagnitude(values));
            if (!float.IsFinite(magnitude))
            {
                return false;
            }

            scales.Slice(first + row, 1).Write<float>()[0] = magnitude / Largest;
            TensorPrimitives.Multiply(values, magnitude > 0 ? Largest / magnitude : 0, scaled);
            TensorPrimitives.Round<float>(scaled, scaled);
            TensorPrimitives.ConvertSaturating<float, sbyte>(scaled, tile.AsSpan(row * columns, columns));
        }

        for (var column = 0; column < columns; column++)
        {
            var target = codes.Slice(column, 1).Write<sbyte>().Slice((int)first, count);
            for (var row = 0; row < count; row++)
            {
                target[row] = tile[(row * columns) + column];
            }
        }

        return true;
    }

    private static bool HasAvx512Vnni()
    {
        const int ExtendedFeatures = 7;
        const int Vnni = 1 << 11; // of ECX
        return X86Base.IsSupported
            && Avx512F.IsSupported
            && X86Base.CpuId(0, 0).Eax >= ExtendedFeatures
            && (X86Base.CpuId(ExtendedFeatures, 0).Ecx & Vnni) != 0;
    }
}
