using Microsoft.Extensions.DependencyInjection;
using WanSharp.Server.Http;
using WanSharp.Server.Pictures;

namespace WanSharp.Server.Comfy;

/// <summary>The parts of ComfyUI's API.</summary>
internal static class ComfyServices
{
    /// <summary>Adds them.</summary>
    /// <param name="services">The server's parts.</param>
    /// <param name="data">The folder of the server's data.</param>
    public static void AddComfy(this IServiceCollection services, string data)
    {
        services.AddSingleton(parts => new InputPictures(parts.GetRequiredService<PictureStore>(), Path.Combine(data, "inputs")));
        services.AddSingleton<IKeptPictures>(parts => parts.GetRequiredService<InputPictures>());
        services.AddSingleton<ServedNames>();
        services.AddSingleton<GraphReader>();
        services.AddSingleton<PromptQueue>();
        services.AddSingleton<IRoutes, PromptRoutes>();
        services.AddSingleton<IRoutes, JobRoutes>();
        services.AddSingleton<IRoutes, FileRoutes>();
        services.AddSingleton<IRoutes, InfoRoutes>();
        services.AddSingleton<IRoutes, SocketRoutes>();
    }
}
