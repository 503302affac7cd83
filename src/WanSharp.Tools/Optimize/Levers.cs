using System.Globalization;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Presets;
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
    private const int FewestSteps = 4;

    private static readonly double[] StepShares = [0.8, 0.6, 0.5, 0.4, 0.3, 0.2];
    private static readonly string[] StepCaches = ["auto", "easy:0.05", "easy:0.1", "easy:0.15", "spectrum", "taylor"];
    private static readonly StepInterval[] Intervals = [new(0, 0.6), new(0.1, 0.8), new(0, 0.4)];

    /// <summary>The choices for a clip.</summary>
    /// <param name="model">The model.</param>
    /// <param name="presets">Presets, those that it can use among them.</param>
    /// <param name="own">The clip as the model makes it.</param>
    /// <param name="decoders">Tiny decoders, by name or path.</param>
    /// <param name="withEightBit">Whether 8-bit integers are for the provider.</param>
    public static IReadOnlyList<LeverChoice> Of(
        WanModel model,
        PresetChoice presets,
        GenerationPlan own,
        IReadOnlyList<string> decoders,
        bool withEightBit
    )
    {
        var settings = own.Settings;
        var choices = new List<LeverChoice>();
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

        if (own.Branches > 1)
        {
            choices.AddRange(
                Intervals.Select(interval => new LeverChoice(
                    Guidance,
                    $"in {interval} of the steps",
                    clip => clip with { GuidanceInterval = interval }
                ))
            );
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

    private static LeverChoice CacheOf(string text) =>
        new(StepCache, text, clip => clip with { StepCache = StepCacheSetting.Parse(text, CultureInfo.InvariantCulture) });

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
