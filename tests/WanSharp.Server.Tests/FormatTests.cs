using System.Net;
using WanSharp.Tensors;

namespace WanSharp.Server.Tests;

/// <summary>The formats that are offered are those that are taken.</summary>
public sealed class FormatTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EveryFormat_ThatIsOffered_IsPlanned(bool hasFfmpeg)
    {
        await using var server = await TestServer.StartAsync(host: host => hasFfmpeg ? host : host with { SearchPath = null });
        var (status, settings) = await server.GetAsync("/v1/settings");
        Assert.True(status == HttpStatusCode.OK, settings.ToString());

        var formats = settings.GetProperty("formats").EnumerateArray().Select(one => one.GetString()!).ToList();

        Assert.Contains("webp", formats);
        foreach (var format in formats)
        {
            var (planned, answer) = await server.PostAsync("/v1/plan", $$"""{"prompt":"a","format":"{{format}}"}""");
            Assert.True(planned == HttpStatusCode.OK, $"{format}: {answer}");
        }
    }

    [Theory]
    [InlineData("mov")]
    [InlineData("../x")]
    public async Task AFormat_ThatIsNotWrittenHere_IsRefused(string format)
    {
        await using var server = await TestServer.StartAsync();

        var (status, answer) = await server.PostAsync("/v1/videos", $$"""{"prompt":"a","format":"{{format}}"}""");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("format", answer.GetProperty("error").GetProperty("param").GetString());
    }

    [Fact]
    public async Task AServer_WhoseFormatIsNotWrittenHere_DoesNotStart()
    {
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() =>
            TestServer.StartAsync(options => options with { Format = ".mov" })
        );

        Assert.Equal("format", refused.Field);
    }
}
