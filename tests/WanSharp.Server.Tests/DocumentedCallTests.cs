using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using WanSharp.Testing;

namespace WanSharp.Server.Tests;

/// <summary>What the documents show of curl is what the server answers.</summary>
public sealed partial class DocumentedCallTests : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Files = new()
    {
        ["jobs.jsonl"] = """{"prompt":"a","steps":1,"frames":5}""" + "\n",
        ["prompts.txt"] = "a fox\na crane\n",
    };

    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task EachCurl_OfTheServersDocument_IsAnswered()
    {
        var text = await File.ReadAllTextAsync(RepositoryFiles.Find("docs/server.md"), TestServer.Token);
        var (id, count) = ("", 0);
        foreach (var line in text.Split('\n').Where(line => line.StartsWith("    curl ", StringComparison.Ordinal)))
        {
            using var request = Request(line, id);
            using var answer = await _server.Client.SendAsync(request, TestServer.Token);

            var body = await answer.Content.ReadAsStringAsync(TestServer.Token);
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{line.Trim()}: {body}");
            count++;
            if (id.Length == 0)
            {
                using var video = JsonDocument.Parse(body);
                id = video.RootElement.GetProperty("id").GetString()!;
                await _server.EndAsync(id);
            }
        }

        Assert.InRange(count, 5, int.MaxValue);
    }

    private static HttpRequestMessage Request(string line, string id)
    {
        var fields = Field()
            .Matches(line)
            .Select(field => (Name: field.Groups["name"].Value, Value: field.Groups["value"].Value.Trim('"')));
        var path = Address().Match(line).Groups["path"].Value.Replace("video_…", id, StringComparison.Ordinal);
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in fields)
        {
            var form = (MultipartFormDataContent)(request.Content ??= new MultipartFormDataContent());
            request.Method = HttpMethod.Post;
            if (value.StartsWith('@'))
            {
                form.Add(new StringContent(Files[value[1..]]), name, value[1..]);
            }
            else
            {
                form.Add(new StringContent(value.Replace("video_…", id, StringComparison.Ordinal)), name);
            }
        }

        return request;
    }

    [GeneratedRegex("-F (?<name>[a-z_]+)=(?<value>\"[^\"]*\"|\\S+)")]
    private static partial Regex Field();

    [GeneratedRegex(@"http://127\.0\.0\.1:8000(?<path>/\S*)")]
    private static partial Regex Address();
}
