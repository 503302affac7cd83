using System.Globalization;
using System.Numerics;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.StepCaches;
using WanSharp.Models;

namespace WanSharp.Tools.Optimize;

/// <summary>What may be changed to make a model's clips faster.</summary>
internal static class Levers
{
    public const string Precision = "precision";
    public const string Decoder = "decoder";

    private const string Steps = "steps";
    private const string Sampler = "sampler";
    private const string StepCache = "step cache";
    private const string Guidance = "guidance";
    private const string Preset = "preset";
    private const string Size = "size";
    private const int FewestSteps = 4;

    private static readonly double[] StepShares = [0.8, 0.6, 0.5, 0.4, 0.3, 0.2];
    private static readonly string[] StepCaches = ["auto", "easy:0.05", "easy:0.1", "easy:0.15", "spectrum", "taylor"];

    // Scale of NAG where its authors' other numbers are taken, as deepbeepmeep/Wan2GP and kijai/ComfyUI-KJNodes have it.
    private static readonly AttentionGuidance Nag = new(5);

    private static readonly StepInterval[] Intervals = [new(0, 0.6), new(0.1, 0.8), new(0, 0.4)];

    /// <summary>The choices for a clip.</summary>
    /// <param name="model">The model.</param>
    /// <param name="presets">Presets, those that it can use among them.</param>
    /// <param name="own">The clip as the model makes it.</param>
    /// <param name="asked">What was asked for of it.</param>
    /// <param name="decoders">Tiny decoders, by name or path.</param>
    /// <param name="upscalers">Networks that enlarge frames, likewise.</param>
    /// <param name="withEightBit">Whether 8-bit integers are for the provider.</param>
    public static IReadOnlyList<LeverChoice> Of(
        WanModel model,
        PresetChoice presets,
        GenerationPlan own,
        ClipSettings asked,
        IReadOnlyList<string> decoders,
        IReadOnlyList<string> upscalers,
        bool withEightBit
    )
    {
        var settings = own.Settings;
        var choices = new List<LeverChoice>(OfGuidance(own, asked).Concat(OfSize(model, own, upscalers)));
        if (settings is { Sigmas: null, Timesteps: null })
        {
            choices.AddRange(
                StepShares
                    .Select(share => Math.Max(FewestSteps, (int)Math.Round(share * settings.Steps)))
                    .Where(steps => steps < settings.Steps)
                    .Distinct()
                    .Select(steps => new LeverChoice(Steps, Text(steps), clip => clip with { Steps = steps }))
            );
            choices.AddRange(
                new[] { SamplerKind.UniPc, SamplerKind.DpmPlusPlus, SamplerKind.Euler }
                    .Select(Samplers.NameOf)
                    .Where(name => name != settings.Sampler)
                    .Select(name => new LeverChoice(Sampler, name, clip => clip with { Sampler = name }))
            );
        }

        if (settings.StepCache is null)
        {
            choices.AddRange(StepCaches.Select(CacheOf));
        }

        choices.AddRange(
            presets
                .StatesFor(model)
                .Where(state => state.Fits && state.IsReady && !SavedPreset.IsOurs(state.Preset))
                .Select(state => new LeverChoice(Preset, state.Name, clip => clip with { Preset = state.Name })
                {
                    IsWhole = true,
                    Opens = true,
                })
        );
        choices.AddRange(
            decoders.Select(file => new LeverChoice(Decoder, Path.GetFileName(file), clip => clip with { Decoder = file }) { Opens = true })
        );
        if (withEightBit)
        {
            choices.Add(
                new LeverChoice(Precision, Runtime.Precision.EightBit.Name, clip => clip) { Precision = Runtime.Precision.EightBit }
            );
        }

        return choices;
    }

    /// <summary>Guidance in a part of the steps; or NAG in place of the second pass, where nobody asked for a scale.</summary>
    private static IEnumerable<LeverChoice> OfGuidance(GenerationPlan own, ClipSettings asked)
    {
        if (own.Branches < 2)
        {
            yield break;
        }

        foreach (var interval in Intervals)
        {
            yield return new LeverChoice(Guidance, $"in {interval} of the steps", clip => clip with { GuidanceInterval = interval });
        }

        if (asked is { GuidanceScale: null, HighNoiseGuidanceScale: null, Nag: null })
        {
            yield return new LeverChoice(Guidance, $"1, nag {Nag}", clip => clip with { GuidanceScale = 1, Nag = Nag });
        }
    }

    /// <summary>About half of both sides, in exactly their proportion, enlarged to what the clip has in the file.</summary>
    private static IEnumerable<LeverChoice> OfSize(WanModel model, GenerationPlan own, IReadOnlyList<string> upscalers)
    {
        var (strideX, strideY) = (model.PixelStrideX, model.PixelStrideY);
        var all = (int)BigInteger.GreatestCommonDivisor(own.Settings.Width / strideX, own.Settings.Height / strideY);
        var kept = (all + 1) / 2;
        var (width, height) = (own.Settings.Width / all * kept, own.Settings.Height / all * kept);
        return kept == all
            ? []
            : upscalers.Select(file => new LeverChoice(
                Size,
                $"{width}x{height}, enlarged by {Path.GetFileName(file)}",
                clip => clip with { Width = width, Height = height, Upscale = file, UpscaleHeight = own.Format.Height }
            )
            {
                Opens = true,
            });
    }

    private static LeverChoice CacheOf(string text) =>
        new(StepCache, text, clip => clip with { StepCache = StepCacheSetting.Parse(text, CultureInfo.InvariantCulture) });

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
