using System.Globalization;
using WanSharp.Engine.StepCaches;

namespace WanSharp.Engine.Tests.StepCaches;

public sealed class StepCacheTests
{
    private const int Length = 8;

    public static TheoryData<string> Kinds => ["easy", "reuse", "line", "spectrum"];

    [Theory]
    [InlineData("off", "off")]
    [InlineData("auto", "auto")]
    [InlineData("EASY:0.05", "easy:0.05")]
    [InlineData("easy", "easy")]
    [InlineData("mag:0.12, 4, 0.2", "mag:0.12,4,0.2")]
    [InlineData("tea-ret:0.1", "tea-ret:0.1")]
    [InlineData("spectrum:2,0.5,4,0.9", "spectrum:2,0.5,4,0.9")]
    public void Parse_OfASetting_IsWrittenAlike(string text, string expected)
    {
        var setting = StepCacheSetting.Parse(text, CultureInfo.InvariantCulture);

        Assert.Equal(expected, setting.ToString());
        Assert.Equal(setting, StepCacheSetting.Parse(expected, CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("")]
    [InlineData("on")]
    [InlineData("easy:")]
    [InlineData("easy:a")]
    [InlineData("easy:0.05,4,3")]
    [InlineData("off:1")]
    [InlineData("tea:1,2")]
    [InlineData("mag:NaN")]
    public void TryParse_OfOtherText_Refuses(string text) =>
        Assert.False(StepCacheSetting.TryParse(text, CultureInfo.InvariantCulture, out _));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Restore_AtEachStep_GoesOnAlike(string kind)
    {
        var course = StepCourse.Of(16);
        for (var stop = 0; stop < course.Count; stop++)
        {
            var (cache, latents) = (Create(kind, course), Start());
            Walk(cache, course, latents, 0, stop);
            var state = cache.Save();
            Walk(cache, course, latents, stop, course.Count);

            var (resumed, again) = (Create(kind, course), Start());
            Walk(Create(kind, course), course, again, 0, stop);
            resumed.Restore(state);
            Walk(resumed, course, again, stop, course.Count);

            Assert.Equal(latents, again);
            Assert.Equal(cache.Skipped, resumed.Skipped);
            Assert.True(cache.Skipped > 0);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Skips_WherePassesChange_ComputesAndForgets(string kind)
    {
        var course = new StepCourse([.. Enumerable.Range(0, 24).Select(step => step is 0 or 12)], 12);
        var cache = Create(kind, course);
        var latents = Start();
        Walk(cache, course, latents, 0, 12);

        Assert.False(cache.Skips(12, latents));
        Assert.Empty(cache.Save().Arrays.Skip(kind == "easy" ? 1 : 0)); // EasyCache has seen the step's latents
        Walk(cache, course, latents, 12, course.Count);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Skips_AskedAgain_SaysTheSame(string kind)
    {
        var course = StepCourse.Of(16);
        var (once, latents) = (Create(kind, course), Start());
        var (often, same) = (Create(kind, course), Start());

        Walk(once, course, latents, 0, course.Count);
        Walk(often, course, same, 0, course.Count, asks: 3);

        Assert.Equal(latents, same);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Skips_AfterABeginInTheMiddle_ComputesUntilEnoughIsKnown(string kind)
    {
        var course = StepCourse.Of(24);
        var cache = Create(kind, course);

        Assert.False(cache.Skips(13, Start()));
    }

    [Fact]
    public void Restore_OfAnotherCachesState_Refuses()
    {
        var course = StepCourse.Of(16);
        var (easy, spectrum) = (Create("easy", course), Create("spectrum", course));
        Walk(easy, course, Start(), 0, 5);
        Walk(spectrum, course, Start(), 0, 5);

        Assert.Throws<ArgumentException>(() => Create("easy", course).Restore(spectrum.Save() with { Arrays = [] }));
        Assert.Throws<ArgumentException>(() => Create("reuse", course).Restore(easy.Save()));
    }

    [Theory]
    [InlineData(0, new[] { 0, 0, 1.0 })]
    [InlineData(1, new[] { 0, -0.5, 1.5 })]
    public void Weights_OfTaylor_ContinueTheLine(int order, double[] expected) =>
        Assert.Equal(expected, new TaylorForecast(order).Weights([0, 2, 4], 5));

    [Fact]
    public void Weights_OfTaylorOfOrderTwo_BendAsTheFormula()
    {
        var weights = new TaylorForecast(2).Weights([0, 2, 4], 5);

        // F 1, 5, 17: ΔF = 6 and before 2, Δ²F = 2; 17 + 6 + 2/2
        Assert.Equal(24, (weights[0] * 1) + (weights[1] * 5) + (weights[2] * 17), 1e-9);
    }

    [Fact]
    public void Mag_ThatForgetsAtASwitch_ComputesThere()
    {
        var course = new StepCourse([.. Enumerable.Range(0, 20).Select(step => step is 0 or 8)], 8);
        var skips = StepSchedule.Mag(course, [.. Enumerable.Repeat(1.0, 20)], threshold: 1, mostSkips: 100, retention: 0);

        Assert.Equal([0, 8], Enumerable.Range(0, 20).Where(step => !skips[step]));
    }

    private static StepCache Create(string kind, StepCourse course) =>
        kind switch
        {
            "easy" => new EasyCache(course, 0.3, 3),
            "reuse" => new ScheduledCache(course, StepSchedule.Taylor(course, 3, 0, 3), new TaylorForecast(0)),
            "line" => new ScheduledCache(course, StepSchedule.Taylor(course, 3, 1, 3), new TaylorForecast(1)),
            _ => new ScheduledCache(course, StepSchedule.Spectrum(course, 2, 0.5, 4, 0.9), new ChebyshevForecast()),
        };

    private static float[] Start() => [.. Enumerable.Range(0, Length).Select(i => (float)Math.Sin(i + 1))];

    /// <summary>Steps of guided clips, whose branches differ.</summary>
    private static void Walk(StepCache cache, StepCourse course, float[] latents, int from, int to, int asks = 1)
    {
        var (conditional, unconditional) = (new float[Length], new float[Length]);
        for (var step = from; step < to; step++)
        {
            var skips = false;
            for (var ask = 0; ask < asks; ask++)
            {
                skips = cache.Skips(step, latents);
            }

            if (skips)
            {
                cache.Estimate(step, latents, conditional, unconditional);
            }
            else
            {
                for (var i = 0; i < Length; i++)
                {
                    (conditional[i], unconditional[i]) = (MathF.Sin(latents[i] + (0.2f * step)), MathF.Cos(latents[i] - (0.1f * step)));
                }

                cache.Keep(step, latents, conditional, unconditional);
            }

            for (var i = 0; i < Length; i++)
            {
                latents[i] -= (unconditional[i] + (3 * (conditional[i] - unconditional[i]))) / course.Count;
            }
        }
    }
}
