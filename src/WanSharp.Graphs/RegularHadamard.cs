using System.Runtime.Intrinsics;

namespace WanSharp.Graphs;

/// <summary>
/// The rotation of ConvRot: each group of a row's columns is multiplied by a regular Hadamard matrix, which is symmetric and
/// its own inverse. The matrix is a power of ½·[[1,1,1,−1],[1,1,−1,1],[1,−1,1,1],[−1,1,1,1]], so it is applied in passes.
/// </summary>
/// <remarks>Sources: Comfy-Org/comfy-kitchen:comfy_kitchen/tensor/int8_utils.py;
/// leejet/stable-diffusion.cpp:docs/int8_convrot.md.</remarks>
public sealed class RegularHadamard
{
    private const int Base = 4;
    private const int LargestGroup = 1 << 12;

    private readonly int _group;

    private RegularHadamard(int group) => _group = group;

    /// <summary>The rotation of groups of a size, or null if there is no such matrix.</summary>
    public static RegularHadamard? Of(int group)
    {
        var power = Base;
        while (power < group)
        {
            power *= Base;
        }

        return power == group && group <= LargestGroup ? new RegularHadamard(group) : null;
    }

    /// <summary>The matrix, [group, group].</summary>
    public float[] ToMatrix()
    {
        var matrix = new float[_group * _group];
        for (var i = 0; i < _group; i++)
        {
            matrix[(i * _group) + i] = 1;
        }

        Rotate(matrix);
        return matrix;
    }

    /// <summary>Rotates whole groups of a row in place.</summary>
    public void Rotate(Span<float> row)
    {
        for (var start = 0; start < row.Length; start += _group)
        {
            var group = row.Slice(start, _group);
            for (var step = 1; step < _group; step *= Base)
            {
                for (var i = 0; i < _group; i += Base * step)
                {
                    Pass(
                        group.Slice(i, step),
                        group.Slice(i + step, step),
                        group.Slice(i + (2 * step), step),
                        group.Slice(i + (3 * step), step)
                    );
                }
            }
        }
    }

    private static void Pass(Span<float> a, Span<float> b, Span<float> c, Span<float> d)
    {
        var i = 0;
        for (; i <= a.Length - Vector128<float>.Count; i += Vector128<float>.Count)
        {
            var (va, vb, vc, vd) = (
                Vector128.Create<float>(a[i..]),
                Vector128.Create<float>(b[i..]),
                Vector128.Create<float>(c[i..]),
                Vector128.Create<float>(d[i..])
            );
            var half = (va + vb + vc + vd) * 0.5f;
            (half - vd).CopyTo(a[i..]);
            (half - vc).CopyTo(b[i..]);
            (half - vb).CopyTo(c[i..]);
            (half - va).CopyTo(d[i..]);
        }

        for (; i < a.Length; i++)
        {
            var half = (a[i] + b[i] + c[i] + d[i]) * 0.5f;
            (a[i], b[i], c[i], d[i]) = (half - d[i], half - c[i], half - b[i], half - a[i]);
        }
    }
}
