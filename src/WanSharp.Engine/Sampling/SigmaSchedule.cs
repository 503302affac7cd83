namespace WanSharp.Engine.Sampling;

/// <summary>
/// The noise levels of a clip and what the network is told about them. The order of the operations is numpy's in the
/// official code, because a product that misses a whole number by one bit truncates to another timestep.
/// </summary>
/// <param name="Sigmas">Noise levels, decreasing, one more than steps; the last is 0.</param>
/// <param name="Timesteps">The network's timestep at each step.</param>
internal sealed record SigmaSchedule(float[] Sigmas, float[] Timesteps)
{
    /// <summary>The number of timesteps that Wan was trained on: a sigma of 1 is timestep 1000.</summary>
    private const double TrainTimesteps = 1000;

    /// <summary>ρ of Karras et al. 2022 (arXiv 2206.00364, eq. 5).</summary>
    private const int KarrasRho = 7;

    /// <summary>UniPC begins a hair below 1: the largest of its 1000 training sigmas, which is kept as binary32.</summary>
    /// <remarks>Wan-Video/Wan2.1:wan/utils/fm_solvers_unipc.py, <c>sigma_max</c>.</remarks>
    private const double UniPcStart = 0.999f;

    private const double RcmFirstRatio = 80;
    private static readonly double[] RcmAngles = [1.5, 1.4, 1.0];

    /// <summary>The most steps that rCM's times are known for.</summary>
    public static int MostRcmSteps => RcmAngles.Length + 1;

    public int StepCount => Timesteps.Length;

    public static SigmaSchedule UniPc(int steps, double shift) => Truncated(Shifted(UniPcStart, steps, shift));

    /// <remarks>Wan-Video/Wan2.1:wan/utils/fm_solvers.py, <c>get_sampling_sigmas</c>.</remarks>
    public static SigmaSchedule DpmPlusPlus(int steps, double shift) => Truncated(Shifted(1, steps, shift));

    /// <remarks>
    /// The official schedulers accept no Karras spacing; this is huggingface/diffusers:
    /// scheduling_flow_match_euler_discrete.py, <c>_convert_to_karras</c>, which respaces the shifted sigmas
    /// between their largest and smallest.
    /// </remarks>
    public static SigmaSchedule Karras(int steps, double shift)
    {
        var sigmas = Shifted(1, steps, shift);
        var (first, last) = (Math.Pow(sigmas[0], 1.0 / KarrasRho), Math.Pow(sigmas[^1], 1.0 / KarrasRho));
        for (var i = 1; i < steps; i++)
        {
            sigmas[i] = Math.Pow(first + (i * (1.0 / (steps - 1)) * (last - first)), KarrasRho);
        }

        return Truncated(sigmas);
    }

    public static SigmaSchedule Euler(int steps, double shift)
    {
        return Scaled(WithZero(Shifted(1, steps, shift)));
    }

    /// <summary>The noise levels, or the timesteps, or both, of a given list.</summary>
    /// <param name="sigmas">Noise levels without the 0 at the end; null for the timesteps' thousandths.</param>
    /// <param name="timesteps">What the network is told; null for what follows from the noise levels.</param>
    /// <param name="isWhole">Whether the sampler's timesteps are whole numbers, which holds for those that follow.</param>
    public static SigmaSchedule Given(IReadOnlyList<double>? sigmas, IReadOnlyList<double>? timesteps, bool isWhole)
    {
        double[] levels = [.. sigmas ?? timesteps!.Select(timestep => timestep / TrainTimesteps)];
        var schedule = isWhole ? Truncated(levels) : Scaled(WithZero(levels));
        return timesteps is null ? schedule : schedule with { Timesteps = [.. timesteps.Select(timestep => (float)timestep)] };
    }

    /// <summary>
    /// rCM's times: the tangent of an angle is the ratio of noise to picture, of which the first is 80 and the others are the authors'
    /// choice "for better visual quality".
    /// </summary>
    /// <remarks>NVlabs/rcm:rcm/inference/wan2pt1_t2v_rcm_infer.py, <c>sigma_max</c> and <c>mid_t</c>.</remarks>
    /// <param name="steps">1 to <see cref="MostRcmSteps"/>.</param>
    public static SigmaSchedule Rcm(int steps)
    {
        var ratios = RcmAngles.Take(steps - 1).Select(Math.Tan).Prepend(RcmFirstRatio);
        return Scaled(WithZero([.. ratios.Select(ratio => ratio / (1 + ratio))]));
    }

    private static double[] Shifted(double start, int steps, double shift)
    {
        var step = (0 - start) / steps;
        var sigmas = new double[steps];
        for (var i = 0; i < steps; i++)
        {
            var sigma = (i * step) + start;
            sigmas[i] = shift * sigma / (1 + ((shift - 1) * sigma));
        }

        return sigmas;
    }

    private static SigmaSchedule Scaled(float[] sigmas) =>
        new(sigmas, [.. sigmas.SkipLast(1).Select(sigma => sigma * (float)TrainTimesteps)]);

    private static SigmaSchedule Truncated(double[] sigmas) =>
        new(WithZero(sigmas), [.. sigmas.Select(sigma => (float)Math.Truncate(sigma * TrainTimesteps))]);

    private static float[] WithZero(double[] sigmas) => [.. sigmas.Select(sigma => (float)sigma), 0f];
}
