using Microsoft.Extensions.DependencyInjection;
using WanSharp.Server.Http;

namespace WanSharp.Server.Page;

/// <summary>The web page and what only it asks for. Without this folder and its line in <see cref="WanServer"/> there is none.</summary>
internal static class PageParts
{
    /// <summary>Adds the page's routes.</summary>
    public static void AddPage(this IServiceCollection services)
    {
        services.AddSingleton<ModelFacts>();
        services.AddSingleton<IRoutes, PageRoutes>();
        services.AddSingleton<IRoutes, SettingsRoutes>();
        services.AddSingleton<IRoutes, PlanRoutes>();
        services.AddSingleton<IRoutes, SystemRoutes>();
        services.AddSingleton<IRoutes, DoctorRoutes>();
        services.AddSingleton<ModelPulls>();
        services.AddSingleton<IRoutes, PullRoutes>();
    }
}
