using System.Text.Json;

namespace WanSharp.Jobs.Tests;

public class JobRequestTests
{
    [Fact]
    public void ToJson_ReadBack_IsTheSame()
    {
        var request = new JobRequest
        {
            Prompt = "一个红色圆形 \"left\"",
            Seed = ulong.MaxValue,
            GuidanceScale = 4.5f,
            Seconds = 0.7,
            Images = new Dictionary<int, string> { [0] = "/a b.png", [-1] = "/c.png" },
        };

        var read = JobRequest.FromJson(request.ToJson());

        Assert.Equal(request with { Images = read.Images }, read);
        Assert.Equal(request.Images, read.Images);
        Assert.Contains("一个红色圆形", request.ToJson(), StringComparison.Ordinal);
    }

    /// <summary>A row as version 0.1 wrote it: databases of users hold such.</summary>
    [Fact]
    public void FromJson_OfAnOldRow_ReadsEverySetting()
    {
        var read = JobRequest.FromJson(
            """{"prompt":"a cat","template":"a {cat|dog}","negative":"dogs","width":832,"height":480,"frames":81,"fps":16,"steps":30,"""
                + """ "guidance":4.1,"guidance_high":3,"sampler":"euler","shift":5."""
                + """5,"seed":18446744073709551615,"images":{"-1":"/b.png"}}"""
        );

        Assert.Equal(
            new JobRequest
            {
                Prompt = "a cat",
                Template = "a {cat|dog}",
                NegativePrompt = "dogs",
                Width = 832,
                Height = 480,
                Frames = 81,
                Fps = 16,
                Steps = 30,
                GuidanceScale = 4.1f,
                HighNoiseGuidanceScale = 3,
                Sampler = "euler",
                Shift = 5.5,
                Seed = ulong.MaxValue,
                Images = read.Images,
            },
            read
        );
        Assert.Equal((-1, "/b.png"), Assert.Single(read.Images.Select(image => (image.Key, image.Value))));
        Assert.Equal(0.5, JobRequest.FromJson("""{"prompt":"a cat","seconds":0.5}""").Seconds);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"prompt\":null}")]
    [InlineData("{\"prompt\":")]
    public void FromJson_OfSomethingElse_Throws(string json) => Assert.Throws<JsonException>(() => JobRequest.FromJson(json));
}
