using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace WanSharp.Server.Tests.Page;

/// <summary>What people do on the page, in a browser.</summary>
public sealed partial class PageTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    private const string BadRequest = "400 (Bad Request)";

    /// <summary>A preview is there only while its clip is made: the page itself sees it, whenever that is.</summary>
    private const string RememberPreview = """
        () => new MutationObserver(() => {
          if (document.querySelector(".screen.is-busy img.clip:not([hidden])")) window.hasShownPreview = true;
        }).observe(document.body, { subtree: true, childList: true, attributes: true })
        """;

    [Fact]
    public async Task Generate_ShowsThePreviewAndThenAClipThatPlays()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.Page.GetByLabel("Prompt", new PageGetByLabelOptions { Exact = true }).FillAsync("a circle that is previewed");
        await visit.Page.GetByLabel("Steps", new PageGetByLabelOptions { Exact = true }).FillAsync("200");
        await Expect(visit.Page.Locator(".cost")).ToContainTextAsync("32×16 · 9 frames");
        await visit.RequireAccessibleAsync();

        await visit.Page.EvaluateAsync(RememberPreview);

        await visit.Button("Generate").ClickAsync();

        await RequirePlayingAsync(visit);
        Assert.True(await visit.Page.EvaluateAsync<bool>("() => window.hasShownPreview === true"));
        await Expect(visit.Page.Locator(".stage .prompt")).ToHaveTextAsync("a circle that is previewed");
        Assert.Matches(VideoHash(), visit.Page.Url);
        await visit.RequireAccessibleAsync();
        await visit.Page.ReloadAsync(); // the address shows it again
        await RequirePlayingAsync(visit);
    }

    [Fact]
    public async Task Generate_OfWhatCannotBeMade_ShowsTheServersWordsAtTheField()
    {
        await using var visit = await fixture.VisitAsync();
        visit.Expected.Add(BadRequest);
        await visit.Page.GetByLabel("Prompt", new PageGetByLabelOptions { Exact = true }).FillAsync("a circle");
        await visit.Page.GetByLabel("Size").FillAsync("31x17");

        await Expect(visit.Page.Locator("#size-error")).ToContainTextAsync("does not fit");

        await Expect(visit.Page.GetByLabel("Size")).ToHaveAttributeAsync("aria-invalid", "true");
        await visit.Page.GetByLabel("Size").FillAsync("32x32");
        await Expect(visit.Page.Locator(".cost")).ToContainTextAsync("32×32");
    }

    [Fact]
    public async Task Generate_WithAPicture_SendsIt()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.Page.GetByLabel("Prompt", new PageGetByLabelOptions { Exact = true }).FillAsync("a picture that moves");
        await visit
            .Page.GetByLabel("First frame")
            .SetInputFilesAsync(
                new FilePayload
                {
                    Name = "a.png",
                    MimeType = "image/png",
                    Buffer = Convert.FromBase64String(RedPng),
                }
            );
        await Expect(visit.Page.Locator(".drop img")).ToBeVisibleAsync();

        await visit.Button("Generate").ClickAsync();

        await RequirePlayingAsync(visit);
        await visit.Button("Make again").ClickAsync();
        await Expect(visit.Page.Locator(".note")).ToContainTextAsync("Settings of");
    }

    [Fact]
    public async Task Queue_IsPausedReorderedCancelledAndRetried()
    {
        await using var visit = await fixture.VisitAsync("#/queue");
        await visit.Button("Pause the queue").ClickAsync();
        await Expect(visit.Button("Resume the queue")).ToBeVisibleAsync();
        foreach (var name in (string[])["one", "two", "three", "four"])
        {
            await fixture.Server.CreateAsync($"queued {name}");
        }

        var titles = visit.Page.Locator("ol .row-title");
        await Expect(titles).ToHaveTextAsync(["queued one", "queued two", "queued three", "queued four"]);
        await visit.RequireAccessibleAsync();
        await visit.Button("Make next: queued three").ClickAsync();
        await Expect(titles).ToHaveTextAsync(["queued three", "queued one", "queued two", "queued four"]);
        await visit.Page.Locator("ol .row").Last.GetByRole(AriaRole.Link).FocusAsync();
        await visit.Page.Keyboard.PressAsync("Alt+ArrowUp");
        await Expect(titles).ToHaveTextAsync(["queued three", "queued one", "queued four", "queued two"]);
        await visit.Page.Locator("ol .row").Nth(0).DragToAsync(visit.Page.Locator("ol .row").Nth(3));
        await Expect(titles).ToHaveTextAsync(["queued one", "queued four", "queued two", "queued three"]);
        await visit.Button("Pause: queued one").ClickAsync();
        await Expect(visit.Button("Resume: queued one")).ToBeVisibleAsync();
        await visit.Button("Resume: queued one").ClickAsync();
        await visit.Button("Cancel: queued four").ClickAsync();
        await Expect(titles).ToHaveTextAsync(["queued one", "queued two", "queued three"]);
        await visit.Button("Try again: queued four").ClickAsync();
        await Expect(titles).ToHaveCountAsync(4);

        await visit.Button("Resume the queue").ClickAsync();

        await Expect(visit.Heading("Nothing is waiting")).ToBeVisibleAsync();
        await visit.RequireAccessibleAsync();
    }

    /// <summary>A row that is drawn anew between the press and the release of the button is not the one that was pressed.</summary>
    [Fact]
    public async Task ARow_ThatIsPressedWhileEventsCome_StaysWhereItIs()
    {
        await fixture.Server.PostAsync("/v1/queue/pause", "{}");
        var id = await fixture.Server.CreateAsync("pressed");
        await using var visit = await fixture.VisitAsync("#/queue");
        await visit.Button("Pause: pressed").HoverAsync();
        await visit.Page.Mouse.DownAsync();

        var other = await fixture.Server.CreateAsync("came meanwhile");
        await visit.Page.WaitForResponseAsync(answer => answer.Url.Contains("order=next", StringComparison.Ordinal));
        await visit.Page.WaitForResponseAsync(answer => answer.Url.Contains("order=next", StringComparison.Ordinal)); // it was drawn by now
        await visit.Page.Mouse.UpAsync();

        await Expect(visit.Button("Resume: pressed")).ToBeVisibleAsync();
        await Expect(visit.Link("came meanwhile")).ToBeVisibleAsync();
        await fixture.Server.DeleteAsync($"/v1/videos/{id}");
        await fixture.Server.DeleteAsync($"/v1/videos/{other}");
        await fixture.Server.PostAsync("/v1/queue/resume", "{}");
    }

    /// <summary>What ends while nobody listens is seen as soon as somebody does.</summary>
    [Fact]
    public async Task AClip_ThatEndsBeforeThePageIsConnected_IsShown()
    {
        await using var visit = await fixture.VisitAsync();
        var connects = new TaskCompletionSource();
        await visit.Page.RouteAsync(
            "**/v1/events",
            async route =>
            {
                await connects.Task;
                await route.ContinueAsync();
            }
        );
        await fixture.Server.PostAsync("/v1/queue/pause", "{}");
        var id = await fixture.Server.CreateAsync("ends in between");
        await visit.Page.GotoAsync($"/?again#/generate/{id}");
        await Expect(visit.Page.Locator(".stage")).ToContainTextAsync("ends in between");

        await fixture.Server.PostAsync("/v1/queue/resume", "{}");
        await fixture.Server.EndAsync(id);
        connects.SetResult();

        await RequirePlayingAsync(visit);
    }

    [Fact]
    public async Task Gallery_FindsAClipAndMakesItAgain()
    {
        var id = await fixture.Server.CreateAsync("a green needle", ",\"seed\":77");
        await fixture.Server.EndAsync(id);
        await fixture.Server.EndAsync(await fixture.Server.CreateAsync("a haystack"));
        await using var visit = await fixture.VisitAsync("#/gallery");
        await visit.Page.GetByLabel("Search prompts, seeds, sizes").FillAsync("needle");
        await Expect(visit.Page.Locator(".clip-card")).ToHaveCountAsync(1);
        await visit.RequireAccessibleAsync();
        await visit.Page.Locator(".clip-card").HoverAsync();
        await visit.Button("Add to favourites").ClickAsync();
        await visit.Page.GetByLabel("Search prompts, seeds, sizes").FillAsync("");
        await visit.Page.GetByLabel("Show").SelectOptionAsync("favourites");
        await Expect(visit.Page.Locator(".clip-card")).ToHaveCountAsync(1);

        await visit.Link("a green needle").ClickAsync();

        await Expect(visit.Page.Locator("dialog .settings")).ToContainTextAsync("77");
        await RequirePlayingAsync(visit);
        await visit.RequireAccessibleAsync();
        await visit.Page.Locator("dialog").GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "Make again" }).ClickAsync();
        await Expect(visit.Page.GetByLabel("Prompt", new PageGetByLabelOptions { Exact = true })).ToHaveValueAsync("a green needle");
        await Expect(visit.Page.GetByLabel("Seed", new PageGetByLabelOptions { Exact = true })).ToHaveAttributeAsync("placeholder", "77");
        await Expect(visit.Page.Locator(".cost")).ToContainTextAsync("Made before");
        await visit.Button("Generate").ClickAsync();
        await RequirePlayingAsync(visit);
        await Expect(visit.Page.Locator(".stage")).ToContainTextAsync("from the cache");
    }

    [Fact]
    public async Task Gallery_DownloadsWhatIsSelected()
    {
        await fixture.Server.EndAsync(await fixture.Server.CreateAsync("a clip to take away"));
        await using var visit = await fixture.VisitAsync("#/gallery?q=take");
        await visit.Page.Locator(".pick").First.CheckAsync();

        var download = await visit.Page.RunAndWaitForDownloadAsync(() => visit.Button("Download").ClickAsync());

        Assert.Matches(@"^video_[0-9a-f]{32}\.\w+$", download.SuggestedFilename);
    }

    /// <summary>The first batch may take minutes to answer, and nothing is easier than to press twice.</summary>
    [Fact]
    public async Task ABatch_WhoseButtonIsPressedTwice_IsMadeOnce()
    {
        await using var visit = await fixture.VisitAsync("#/batches");
        await visit.Page.GetByLabel("Prompts, one a line").FillAsync("pressed twice");
        await visit.Page.GetByLabel("Name").FillAsync("twice");
        await visit.Page.EvaluateAsync(
            "() => { const form = document.querySelector('form'); form.onsubmit(new Event('submit')); "
                + "form.onsubmit(new Event('submit')); }"
        );

        await Expect(visit.Page.GetByLabel("Prompts, one a line")).ToHaveValueAsync("");
        await Expect(visit.Button("Make all")).ToBeEnabledAsync();
        var (_, batches) = await fixture.Server.GetAsync("/v1/videos/batches");
        var made = batches.GetProperty("data").EnumerateArray().Where(one => one.GetProperty("name").GetString() == "twice").ToList();
        await fixture.Server.DeleteAsync($"/v1/videos/batches/{Assert.Single(made).GetProperty("id").GetString()}");
    }

    [Fact]
    public async Task AFileOfJobs_TakesNeitherStylesNorSeeds()
    {
        await using var visit = await fixture.VisitAsync("#/batches");
        await visit.Page.Locator("#file").SetInputFilesAsync(File("jobs.csv", "prompt\na\n"));
        await Expect(visit.Page.Locator("#seeds")).ToBeDisabledAsync();
        await Expect(visit.Page.Locator("#styles input").First).ToBeDisabledAsync();

        await visit.Page.Locator("#file").SetInputFilesAsync(File("prompts.txt", "a\n"));
        await Expect(visit.Page.Locator("#seeds")).ToBeEnabledAsync();

        static FilePayload File(string name, string text) =>
            new()
            {
                Name = name,
                MimeType = "text/plain",
                Buffer = System.Text.Encoding.UTF8.GetBytes(text),
            };
    }

    [Fact]
    public async Task Batches_AreTriedMadeAndReported()
    {
        await using var visit = await fixture.VisitAsync("#/batches");
        visit.Expected.Add(BadRequest);
        await visit
            .Page.GetByLabel("Or a file of jobs")
            .First.SetInputFilesAsync(
                new FilePayload
                {
                    Name = "jobs.jsonl",
                    MimeType = "application/json",
                    Buffer = "{\"prompt\":\"a\",\"stepz\":1}"u8.ToArray(),
                }
            );
        await visit.Button("Make all").ClickAsync();
        await Expect(visit.Page.Locator(".problems")).ToContainTextAsync("Line 1:");
        await visit.RequireAccessibleAsync();
        await visit.Button("Remove: jobs.jsonl").ClickAsync();
        await visit.Page.GetByLabel("Prompts, one a line").FillAsync("a batched circle\na batched square");
        await visit.Page.GetByLabel("Seeds").FillAsync("1..2");
        await visit.Page.GetByLabel("Name").FillAsync("four of them");
        await visit.Button("Dry run").ClickAsync();
        await Expect(visit.Page.Locator(".note")).ToContainTextAsync("4 clips: 4 to make");

        await visit.Button("Make all").ClickAsync();

        await Expect(visit.Page.Locator(".row")).ToContainTextAsync("4 of 4 done");
        await visit.RequireAccessibleAsync();
        var report = await visit.Page.RunAndWaitForPopupAsync(() => visit.Link("Report").ClickAsync());
        await Expect(report.GetByRole(AriaRole.Figure)).ToHaveCountAsync(4);
    }

    [Fact]
    public async Task Language_IsTheBrowsersUntilAnotherIsChosen()
    {
        await using var visit = await fixture.VisitAsync("#/queue", options => options.Locale = "zh-CN");
        await Expect(visit.Heading("队列")).ToBeVisibleAsync();
        Assert.Equal("zh-CN", await visit.Page.Locator("html").GetAttributeAsync("lang"));

        await visit.Button("English").ClickAsync();

        await Expect(visit.Heading("Queue")).ToBeVisibleAsync();
        await visit.Page.ReloadAsync();
        await Expect(visit.Heading("Queue")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Colours_AreTheSystemsUntilOthersAreChosen()
    {
        await using var visit = await fixture.VisitAsync(change: options => options.ColorScheme = ColorScheme.Dark);
        Assert.Equal("rgb(18, 19, 23)", await GroundAsync());

        await visit.Page.Locator("#theme").ClickAsync(); // as the system → light

        Assert.Equal("rgb(246, 246, 243)", await GroundAsync());
        await visit.Page.ReloadAsync();
        Assert.Equal("rgb(246, 246, 243)", await GroundAsync());

        Task<string> GroundAsync() => visit.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
    }

    [Fact]
    public async Task Keyboard_IsAllThatIsNeeded()
    {
        await using var visit = await fixture.VisitAsync();
        await Expect(visit.Page.Locator("#prompt")).ToBeVisibleAsync();
        await visit.Page.Keyboard.PressAsync("Tab");
        await Expect(visit.Link("Skip to the content")).ToBeFocusedAsync();
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Page.Keyboard.PressAsync("Tab");
        await Expect(visit.Page.Locator("#prompt")).ToBeFocusedAsync();
        await visit.Page.Keyboard.TypeAsync("typed and sent by keys");

        await visit.Page.Keyboard.PressAsync("Control+Enter");

        await RequirePlayingAsync(visit);
        await visit.Link("Gallery").FocusAsync();
        await visit.Page.Keyboard.PressAsync("Enter");
        await Expect(visit.Page.Locator("#main")).ToBeFocusedAsync();
        await visit.Link("typed and sent by keys").First.FocusAsync();
        await visit.Page.Keyboard.PressAsync("Enter");
        await Expect(visit.Page.Locator("dialog")).ToBeVisibleAsync();
        await visit.Page.Keyboard.PressAsync("Escape");
        await Expect(visit.Page.Locator("dialog")).ToHaveCountAsync(0);
        await Expect(visit.Link("typed and sent by keys").First).ToBeFocusedAsync();
    }

    [Theory]
    [InlineData("generate")]
    [InlineData("queue")]
    [InlineData("gallery")]
    [InlineData("batches")]
    [InlineData("models")]
    [InlineData("system")]
    public async Task AView_FitsAPhoneAndIsAccessibleInTheDark(string view)
    {
        await using var visit = await fixture.VisitAsync(
            $"#/{view}",
            options =>
            {
                options.ViewportSize = new ViewportSize { Width = 360, Height = 740 };
                options.ColorScheme = ColorScheme.Dark;
                options.HasTouch = true;
            }
        );
        await Expect(visit.Page.GetByText("Loading…")).ToHaveCountAsync(0);

        Assert.True(await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= 360);
        await Expect(visit.Link("System")).ToBeInViewportAsync();
        await visit.RequireAccessibleAsync();
    }

    private static async Task RequirePlayingAsync(Visit visit)
    {
        var clip = visit.Page.Locator("video.clip");
        await Expect(clip).ToBeVisibleAsync();
        await visit.Page.WaitForFunctionAsync("() => document.querySelector('video.clip')?.currentTime > 0");
    }

    private const string RedPng =
        "iVBORw0KGgoAAAANSUhEUgAAACAAAAAQCAIAAAD4YuoOAAAAHUlEQVR42mO4YGBAU8QwasGoBaMWjFowasFQsAAAshxgH1QIen0AAAAASUVORK5CYII=";

    [GeneratedRegex(@"#/generate/video_[0-9a-f]{32}$")]
    private static partial Regex VideoHash();
}
