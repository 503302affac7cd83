using System.Numerics.Tensors;

namespace WanSharp.Engine.Guidance;

/// <summary>Adaptive projected guidance of one clip, with its memory of the steps before.</summary>
/// <remarks>
/// Not thread-safe. Source: Sadat et al., arXiv 2410.02416, algorithm 1, on velocities as in
/// deepbeepmeep/Wan2GP:models/wan/multitalk/multitalk_utils.py, <c>adaptive_projected_guidance</c>.
/// </remarks>
/// <param name="settings">How.</param>
internal sealed class ProjectedVelocity(ProjectedGuidance settings)
{
    // torch.nn.functional.normalize
    private const double Epsilon = 1e-12;

    private float[]? _average;

    /// <summary>What it remembers: as long as the latents, or null before the first guided step.</summary>
    public float[]? Average => _average;

    /// <summary>A copy of what another one remembered takes the place of what this one does.</summary>
    public void Restore(float[]? average) => _average = (float[]?)average?.Clone();

    /// <summary>
    /// d ← (c − u) + momentum · d; cut to the norm; <c>guided = c + (scale − 1) · (d⊥ + η·d∥)</c>, orthogonal and parallel to c.
    /// </summary>
    public void Combine(ReadOnlySpan<float> conditional, ReadOnlySpan<float> unconditional, float scale, Span<float> guided)
    {
        _average ??= new float[conditional.Length];
        Span<float> direction = _average;
        TensorPrimitives.Multiply(direction, (float)settings.Momentum, direction);
        TensorPrimitives.Add(direction, conditional, direction);
        TensorPrimitives.Subtract(direction, unconditional, direction);

        var length = Math.Sqrt(GuidedVelocity.Dot(direction, direction));
        var cut = settings.Norm > 0 && length > settings.Norm ? settings.Norm / length : 1;
        var square = Math.Max(GuidedVelocity.Dot(conditional, conditional), Epsilon * Epsilon);
        var along = GuidedVelocity.Dot(direction, conditional) / square; // d∥ = along · c

        // c + (s − 1)·cut·(d − (1 − η)·along·c)
        var weight = (scale - 1.0) * cut;
        TensorPrimitives.Multiply(conditional, (float)(1 - (weight * (1 - settings.Eta) * along)), guided);
        TensorPrimitives.MultiplyAdd(direction, (float)weight, guided, guided);
    }
}
