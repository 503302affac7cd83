using System.Text.Json;
using WanSharp.Engine.StepCaches;

namespace WanSharp.Engine.Tests.StepCaches;

/// <summary>The policies decide as the published code, and give what it gives.</summary>
public sealed class StepCacheFixtureTests
{
    /// <summary>The published code computes in binary32, as the latents here do; sums and systems differ in their rounding.</summary>
    private const float Tolerance = 1e-5f;

    private const int Length = 48;
    private const float Guidance = 4;
    private const float Shift = 3;

    private static readonly string[] Kinds = ["easy", "spectrum", "taylor"];

    private static readonly JsonElement Cases = JsonDocument
        .Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "step-caches", "step-caches.json")))
        .RootElement;

    public static TheoryData<string, int> Walks =>
        [.. Kinds.SelectMany(kind => Indices(kind).Select(i => new TheoryDataRow<string, int>(kind, i)))];

    public static TheoryData<int> TeaCases => [.. Indices("tea")];

    public static TheoryData<int> MagCases => [.. Indices("mag")];

    [Theory]
    [MemberData(nameof(Walks))]
    public void Walk_WithACache_SkipsAndEndsAsThePublishedCode(string kind, int index)
    {
        var expected = Cases.GetProperty(kind)[index];
        var course = StepCourse.Of(expected.GetProperty("steps").GetInt32());
        var (skips, latents) = Walk(course, CacheOf(kind, expected, course));

        Assert.Equal(Flags(expected), skips);
        var values = expected.GetProperty("latents").EnumerateArray().Select(value => value.GetSingle()).ToArray();
        for (var i = 0; i < Length; i++)
        {
            Assert.Equal(values[i], latents[i], Tolerance * (1 + Math.Abs(values[i])));
        }
    }

    [Theory]
    [MemberData(nameof(TeaCases))]
    public void Tea_SkipsAsThePublishedCode(int index)
    {
        var expected = Cases.GetProperty("tea")[index];
        var isRetained = expected.GetProperty("policy").GetString() == StepCachePolicy.TeaRetainedName;
        var known = KnownStepCache.Of(expected.GetProperty("network").GetString()!)!;
        var data = (isRetained ? known.TeaRetained : known.Tea)!;

        var skips = StepSchedule.Tea(
            StepCourse.Of(expected.GetProperty("steps").GetInt32()),
            Numbers(expected, "changes"),
            data.Coefficients,
            data.Threshold,
            isRetained ? 5 : 1,
            isRetained ? 0 : 1
        );

        Assert.Equal(Flags(expected), skips);
    }

    [Theory]
    [MemberData(nameof(MagCases))]
    public void Mag_SkipsAsThePublishedCode(int index)
    {
        var expected = Cases.GetProperty("mag")[index];
        var data = KnownStepCache.Of(expected.GetProperty("network").GetString()!)!.Mag!;
        var (steps, highNoise) = (expected.GetProperty("steps").GetInt32(), expected.GetProperty("high_noise_steps").GetInt32());
        var course = new StepCourse([.. Enumerable.Range(0, steps).Select(step => step == 0 || step == highNoise)], highNoise);
        if (highNoise == 0)
        {
            course = StepCourse.Of(steps);
        }

        var skips = StepSchedule.Mag(
            course,
            StepSchedule.Resample(data.Ratios, steps),
            data.Threshold,
            data.Skips,
            data.Retention,
            data.LowNoiseOnly
        );

        Assert.Equal(Flags(expected), skips);
    }

    private static StepCache CacheOf(string kind, JsonElement expected, StepCourse course)
    {
        var warmUp = expected.GetProperty("warm_up").GetInt32();
        switch (kind)
        {
            case "easy":
                return new EasyCache(course, Number(expected, "threshold"), warmUp);
            case "spectrum":
                var window = StepSchedule.Spectrum(
                    course,
                    Number(expected, "window"),
                    Number(expected, "growth"),
                    warmUp,
                    Number(expected, "end")
                );
                return new ScheduledCache(course, window, new ChebyshevForecast());
            default:
                var order = expected.GetProperty("order").GetInt32();
                var skips = StepSchedule.Taylor(course, expected.GetProperty("interval").GetInt32(), order, warmUp);
                return new ScheduledCache(course, skips, new TaylorForecast(order));
        }
    }

    /// <summary>Euler's steps with guidance around a made-up network; the fixture's script has the same.</summary>
    private static (bool[] Skips, float[] Latents) Walk(StepCourse course, StepCache cache)
    {
        float[] latents = [.. Enumerable.Range(0, Length).Select(i => (float)(1.5 * Math.Sin(12.9898 * i)))];
        var (conditional, unconditional) = (new float[Length], new float[Length]);
        var skips = new bool[course.Count];
        for (var step = 0; step < course.Count; step++)
        {
            skips[step] = cache.Skips(step, latents);
            if (skips[step])
            {
                cache.Estimate(step, latents, conditional, unconditional);
            }
            else
            {
                Compute(latents, Sigma(course, step), 0, conditional);
                Compute(latents, Sigma(course, step), 1, unconditional);
                cache.Keep(step, latents, conditional, unconditional);
            }

            var change = Sigma(course, step + 1) - Sigma(course, step);
            for (var i = 0; i < Length; i++)
            {
                latents[i] += change * (unconditional[i] + (Guidance * (conditional[i] - unconditional[i])));
            }
        }

        Assert.Equal(skips.Count(skip => skip), cache.Skipped);
        return (skips, latents);
    }

    private static void Compute(float[] latents, float sigma, int branch, float[] velocity)
    {
        for (var i = 0; i < Length; i++)
        {
            velocity[i] = MathF.Sin((1.3f * latents[i]) + (2.1f * sigma) + (0.4f * branch)) + (0.25f * latents[i]);
        }
    }

    private static float Sigma(StepCourse course, int step)
    {
        var plain = 1 - ((float)step / course.Count);
        return Shift * plain / (1 + ((Shift - 1) * plain));
    }

    private static IEnumerable<int> Indices(string kind) => Enumerable.Range(0, Cases.GetProperty(kind).GetArrayLength());

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();

    private static double[] Numbers(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];

    private static bool[] Flags(JsonElement element) =>
        [.. element.GetProperty("skips").EnumerateArray().Select(value => value.GetBoolean())];
}
