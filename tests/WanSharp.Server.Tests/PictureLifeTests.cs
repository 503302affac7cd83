using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using WanSharp.Media.Images;
using WanSharp.Server.Comfy;
using WanSharp.Testing;

namespace WanSharp.Server.Tests;

/// <summary>Pictures are there for as long as something names them, wherever the server's folder is.</summary>
public sealed class PictureLifeTests : IAsyncLifetime
{
    private TestServer _server = null!;

    private static byte[] Picture => PictureBytes.Webp(new RgbImage(32, 16, new byte[3 * 32 * 16]), quality: 90);

    private string Uploads => Path.Combine(_server.Data, "uploads");

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await _server.PostAsync("/v1/queue/pause", "{}");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task APicture_OfAVideoThatWaits_IsFoundWhereTheFolderIsMovedTo()
    {
        var id = await CreateAsync();
        var remixed = await CreateAsync();
        var moved = _server.Data + "-moved";
        await _server.StopAsync();
        AgeAll(Uploads, TimeSpan.FromHours(2));
        Directory.Move(_server.Data, moved);
        await SweepAsync(moved);

        var (status, remix) = await _server.PostAsync($"/v1/videos/{remixed}/remix", """{"prompt":"b"}""");
        await _server.PostAsync("/v1/queue/resume", "{}");

        Assert.True(status == HttpStatusCode.OK, remix.ToString());
        var (planned, plan) = await _server.PostAsync($"/v1/plan?remix_of={remixed}", """{"prompt":"c"}""");
        Assert.True(planned == HttpStatusCode.OK, plan.ToString()); // once it is known how fast the machine is, the picture is read for it
        Assert.Equal("completed", (await _server.EndAsync(id)).GetProperty("status").GetString());
        Assert.Equal("completed", (await _server.EndAsync(remix.GetProperty("id").GetString()!)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task APicture_BeyondWhatIsKept_IsRefusedAndLeavesNothing()
    {
        await _server.RestartAsync(options => options with { MostUploadBytes = 10 });

        using var form = new MultipartFormDataContent { { new ByteArrayContent(Picture), "image", "a.webp" } };
        using var answer = await _server.Client.PostAsync(new Uri("/upload/image", UriKind.Relative), form, TestServer.Token);

        Assert.Equal(HttpStatusCode.InsufficientStorage, answer.StatusCode);
        Assert.Empty(Directory.EnumerateFiles(Uploads));
    }

    [Fact]
    public void ANameThatIsBeingWritten_IsNotSweptAway()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["names"]);
        folder.Write("names/half", "[");
        folder.Write("names/old", "[");
        File.SetLastWriteTimeUtc(folder["names/old"], DateTime.UtcNow - TimeSpan.FromHours(2));
        using var pictures = new InputPictures(store: null!, folder["names"]);

        Assert.Empty(pictures.Sweep(DateTimeOffset.UtcNow));

        Assert.Equal(["half"], Directory.EnumerateFiles(folder["names"]).Select(Path.GetFileName));
    }

    [Fact]
    public async Task APicture_OfAVideoThatWaits_StaysUnderAnotherSpellingOfTheFolder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights there.");
        await CreateAsync();
        var link = _server.Data + "-link";
        File.CreateSymbolicLink(link, _server.Data);
        await _server.StopAsync();
        AgeAll(Uploads, TimeSpan.FromHours(2));

        await SweepAsync(link);

        Assert.Single(Directory.EnumerateFiles(Uploads));
        File.Delete(link);
    }

    [Fact]
    public async Task APicture_ThatWasUploadedByItsName_IsKeptForAWeek()
    {
        Assert.Equal("young.webp", await UploadAsync("young.webp", Picture));
        await _server.StopAsync();
        AgeAll(Uploads, TimeSpan.FromDays(6));
        AgeAll(Path.Combine(_server.Data, "inputs"), TimeSpan.FromDays(6));
        await SweepAsync(_server.Data);
        Assert.Equal(HttpStatusCode.OK, await ViewAsync("young.webp"));
        await _server.StopAsync();
        AgeAll(Uploads, TimeSpan.FromDays(8)); // it was read since
        AgeAll(Path.Combine(_server.Data, "inputs"), TimeSpan.FromDays(8));
        await SweepAsync(_server.Data);

        Assert.Equal(HttpStatusCode.NotFound, await ViewAsync("young.webp"));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_server.Data, "inputs")));
        while (Directory.EnumerateFiles(Uploads).Any())
        {
            await Task.Delay(10, TestServer.Token);
        }
    }

    /// <summary>Starts the server over a folder, and waits until it has swept it.</summary>
    private async Task SweepAsync(string data)
    {
        var needless = Path.Combine(data, "uploads", "needless");
        await File.WriteAllTextAsync(needless, "", TestServer.Token);
        Age(needless, TimeSpan.FromHours(2));
        await _server.RestartAsync(options => options with { DataFolder = data });
        while (File.Exists(needless)) // others of its folder may go a moment later
        {
            await Task.Delay(10, TestServer.Token);
        }
    }

    private static void AgeAll(string folder, TimeSpan age)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            Age(file, age);
        }
    }

    private static void Age(string file, TimeSpan age)
    {
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow - age);
        File.SetLastAccessTimeUtc(file, DateTime.UtcNow - age);
    }

    private Task<string> CreateAsync() =>
        _server.CreateAsync("a", $",\"input_reference\":{{\"image_url\":\"data:image/webp;base64,{Convert.ToBase64String(Picture)}\"}}");

    private async Task<string?> UploadAsync(string name, byte[] picture)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(picture), "image", name } };
        using var answer = await _server.Client.PostAsync(new Uri("/upload/image", UriKind.Relative), form, TestServer.Token);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(TestServer.Token)).GetProperty("name").GetString();
    }

    private async Task<HttpStatusCode> ViewAsync(string name)
    {
        using var answer = await _server.Client.GetAsync(new Uri($"/view?type=input&filename={name}", UriKind.Relative), TestServer.Token);
        return answer.StatusCode;
    }
}
