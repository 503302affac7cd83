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
            Guidance = 4.5f,
            Seconds = 0.7,
            Images = new Dictionary<int, string> { [0] = "/a b.png", [-1] = "/c.png" },
        };

        var read = JobRequest.FromJson(request.ToJson());

        Assert.Equal(request with { Images = read.Images }, read);
        Assert.Equal(request.Images, read.Images);
        Assert.Contains("一个红色圆形", request.ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"prompt\":null}")]
    [InlineData("{\"prompt\":")]
    public void FromJson_OfSomethingElse_Throws(string json) => Assert.Throws<JsonException>(() => JobRequest.FromJson(json));
}
