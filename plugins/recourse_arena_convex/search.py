"""proto"""
from __future__ import annotations
import torch
from torch import Tensor
from dataclasses import dataclass
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena_convex.subsets import candidate_sets
from recourse_arena_convex.landscape import Landscape
from recourse_arena_convex.subproblem import Subproblem
from recourse_arena.problem.randomness import generator
import time
T={}
def tick(name,t):
    T[name]=T.get(name,0)+time.perf_counter()-t
PAR=dict(rho=20.,radius=0.5,target=1e-3,check=1e-5,floor=1e-2,donors=64,shrink=0.4,grow=2.0)

class Best:
    def __init__(s,request):
        n=len(request); s.cost=torch.full((n,),torch.inf); s.acted=torch.zeros(n,len(request.features),dtype=torch.bool); s.values=request.factual.clone()
    def offer(s,land,y,ok):
        cost=torch.where(ok,y.square().sum(1),torch.inf)
        values=land.values(y)
        best=s.cost.scatter_reduce(0,land.person,cost,"amin")
        win=(cost<s.cost[land.person])&(cost==best[land.person])
        w=win.nonzero()[:,0]
        first=torch.full((len(best),),len(cost)).scatter_reduce(0,land.person[w],w,"amin")
        w=first[first<len(cost)]
        p=land.person[w]; s.cost[p]=cost[w]; s.acted[p]=land.acted[w]; s.values[p]=values[w]

class Search:
    @classmethod
    def prepared(cls,problem,seed,iterations,starts,subsets):
        s=cls(); s.problem=problem; s.iterations=iterations; s.starts=starts; s.subsets=subsets
        x=problem.training.x; x=x[problem.decisions.accepts(x)]
        g=generator(seed,"convex","donors")
        s.donors=x[torch.randperm(len(x),generator=g)[:PAR["donors"]]]
        s.qp=Subproblem(problem.features.count_actionable)
        return s
    @torch.no_grad()
    def __call__(self,request):
        best=Best(request)
        person,acted=candidate_sets(request,self.problem.graph,self.subsets)
        land=Landscape.of(self.problem,request,person,acted)
        t=time.perf_counter()
        starts=self.start_points(land,best)
        tick("starts",t)
        S=starts.shape[1]
        rows=torch.arange(len(land)).repeat_interleave(S)
        wide=land[rows]
        y=self.descend(wide,starts.reshape(-1,starts.shape[-1]),best)
        self.final=(wide,y)
        found=best.cost.isfinite()
        return Recommendation.do(best.acted,best.values,found=found)
    def merit(self,y,m,scale):
        v=(PAR["target"]-m).clamp(min=0)/scale
        r=y.square().sum(1)+PAR["rho"]*v.sum(1)
        return torch.where(r.isnan(),torch.inf,r)
    def start_points(self,land,best):
        zero=land.clamp(torch.zeros_like(land.lower))
        if self.starts==1: return zero[:,None]
        sl=land.slopes(zero); scale=sl.gradient.norm(dim=-1).clamp(min=PAR["floor"])
        D=len(self.donors); N=len(land)
        rows=torch.arange(N).repeat_interleave(D)
        wide=land[rows]
        y=wide.clamp(wide.point(self.donors.repeat(N,1)))
        m=wide.margins(y)
        best.offer(wide,y,(m>=PAR["check"]).all(1))
        merit=self.merit(y,m,scale[rows]).reshape(N,self.starts-1,-1)
        pick=merit.argmin(-1)
        yy=y.reshape(N,self.starts-1,-1,y.shape[-1])
        chosen=yy.gather(2,pick[...,None,None].expand(-1,-1,1,y.shape[-1]))[:,:,0]
        return torch.cat([zero[:,None],chosen],1)
    def descend(self,land,y,best):
        n=len(land)
        cols=land.request.features.actionable
        sd=self.problem.cost.sd[cols]/land.unit
        radius=torch.full((n,),PAR["radius"])
        t=time.perf_counter()
        sl=land.slopes(y); tick("slopes",t)
        margins,grad=sl.margins.clone(),sl.gradient.clone()
        best.offer(land,y,(margins>=PAR["check"]).all(1))
        y=y.clone()
        active=torch.ones(n,dtype=torch.bool)
        self.hist=[]
        for it in range(self.iterations):
            a=active.nonzero()[:,0]
            self.hist.append(len(a))
            if not len(a): break
            L=land[a]; ya=y[a]; m,g=margins[a],grad[a]
            scale=g.norm(dim=-1).clamp(min=PAR["floor"])
            off=(m-PAR["target"]-(g*ya[:,None]).sum(-1))/scale
            box=sd[a]*radius[a,None]
            lo=torch.maximum(L.lower,ya-box); hi=torch.minimum(L.upper,ya+box)
            t=time.perf_counter()
            new=self.qp.solve(off,g/scale[...,None],lo,hi,torch.full_like(off,PAR["rho"]))
            tick("qp",t)
            failed=new.isnan().any(1); new=torch.where(failed[:,None],ya,new)
            new=torch.minimum(torch.maximum(new,lo),hi)
            lin=m+(g*(new-ya)[:,None]).sum(-1)
            now=self.merit(ya,m,scale); promised=now-self.merit(new,lin,scale)
            t=time.perf_counter()
            sl=L.slopes(new); tick("slopes",t)
            t=time.perf_counter()
            best.offer(L,new,(sl.margins>=PAR["check"]).all(1)); tick("offer",t)
            actual=now-self.merit(new,sl.margins,scale)
            ratio=actual/promised.clamp(min=1e-12)
            accept=(actual>0)&(ratio>0.05)&~failed
            at_edge=((new-ya).abs()>=0.99*box).any(1)
            radius[a]=torch.where(ratio>0.7,torch.where(at_edge,radius[a]*PAR["grow"],radius[a]),torch.where(ratio<0.25,radius[a]*PAR["shrink"],radius[a]))
            idx=a[accept]
            y[idx]=new[accept]; margins[idx]=sl.margins[accept]; grad[idx]=sl.gradient[accept]
            done=failed|(promised<1e-6)|(promised<1e-4*now)|(radius[a]<1e-3)
            active[a[done]]=False
        self.margins=margins
        return y
